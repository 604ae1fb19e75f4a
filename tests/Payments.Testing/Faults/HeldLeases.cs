using System.Diagnostics;
using Dapper;
using Npgsql;

namespace Payments.Testing.Faults;

/// <summary>What a worker process held at a moment of the database's clock.</summary>
public sealed record HeldLeases(DateTime At, IReadOnlyList<Guid> Jobs)
{
    private static readonly TimeSpan LookDelay = TimeSpan.FromMilliseconds(2);

    /// <summary>What the worker with this process id, on this machine, holds now.</summary>
    public static async Task<HeldLeases> OfAsync(NpgsqlDataSource superuser, int pid, CancellationToken cancel)
    {
        await using var connection = await superuser.OpenConnectionAsync(cancel);
        return await OfAsync(connection, pid, cancel);
    }

    /// <summary>Looks until the worker holds something, or <paramref name="patience"/> is over.</summary>
    public static async Task<HeldLeases> WaitForAsync(
        NpgsqlDataSource superuser, int pid, TimeSpan patience, CancellationToken cancel)
    {
        await using var connection = await superuser.OpenConnectionAsync(cancel);
        var started = Stopwatch.GetTimestamp();

        while (true)
        {
            var held = await OfAsync(connection, pid, cancel);

            if (held.Jobs.Count > 0 || Stopwatch.GetElapsedTime(started) > patience)
            {
                return held;
            }

            await Task.Delay(LookDelay, cancel);
        }
    }

    private static async Task<HeldLeases> OfAsync(NpgsqlConnection connection, int pid, CancellationToken cancel)
    {
        var row = await connection.QuerySingleAsync<(DateTime At, Guid[] Jobs)>(new CommandDefinition(
            HeldSql, new { worker = FormattableString.Invariant($"%-{pid}-________") }, cancellationToken: cancel));
        return new(row.At, row.Jobs);
    }

    // A worker's id ends in its process id and eight random characters.
    private const string HeldSql = """
        SELECT clock_timestamp() AS at, ARRAY (
            SELECT j.id
            FROM recon_jobs AS j
            WHERE j.finished_at IS NULL AND j.status = 'processing' AND j.locked_by LIKE @worker
                AND j.available_at > clock_timestamp()) AS jobs
        """;
}

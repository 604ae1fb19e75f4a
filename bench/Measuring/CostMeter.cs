using Npgsql;
using Payments.Bench.Running;

namespace Payments.Bench.Measuring;

/// <summary>What a stretch of work cost: write-ahead log, and processor time of the server and of processes.</summary>
internal sealed class CostMeter
{
    private readonly BenchServer _server;
    private readonly IReadOnlyList<(string Role, ChildProcess Process)> _processes;
    private readonly long _walBytes;
    private readonly TimeSpan _serverTime;
    private readonly TimeSpan[] _processTimes;

    private CostMeter(
        BenchServer server, IReadOnlyList<(string Role, ChildProcess Process)> processes, long walBytes)
    {
        _server = server;
        _processes = processes;
        _walBytes = walBytes;
        _serverTime = server.ProcessorTime();
        _processTimes = [.. processes.Select(process => ProcessorTime.Of(process.Process.Id))];
    }

    /// <param name="processes">Those of one role are added up.</param>
    public static async Task<CostMeter> StartAsync(
        BenchServer server, IReadOnlyList<(string Role, ChildProcess Process)> processes, CancellationToken cancel) =>
        new(server, processes, await WalBytesAsync(server.Superuser, cancel));

    /// <summary>The cost of each payment since the start.</summary>
    public async Task<IEnumerable<(string Name, double Value)>> PerPaymentAsync(long payments, CancellationToken cancel)
    {
        var wal = await WalBytesAsync(_server.Superuser, cancel) - _walBytes;
        var roles = _processes
            .Select((process, i) => (process.Role, Time: ProcessorTime.Of(process.Process.Id) - _processTimes[i]))
            .GroupBy(process => process.Role, StringComparer.Ordinal)
            .Select(role => (role.Key, Time: role.Sum(process => process.Time.TotalMicroseconds)))
            .Append(("postgres", (_server.ProcessorTime() - _serverTime).TotalMicroseconds));
        return
        [
            ("WAL bytes/payment", (double)wal / payments),
            .. roles.Select(role => ($"CPU µs/payment, {role.Item1}", role.Item2 / payments)),
        ];
    }

    private static async Task<long> WalBytesAsync(NpgsqlDataSource superuser, CancellationToken cancel)
    {
        await using var command = superuser.CreateCommand(
            "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint");
        return (long)(await command.ExecuteScalarAsync(cancel))!;
    }
}

using System.Text.Json;
using Dapper;
using Npgsql;

namespace Recon.Worker.Duties;

/// <summary>
/// A duty that this worker holds. Whatever its handler writes goes into transactions that begin or end with
/// <see cref="GuardAsync"/>: a worker that was slow or frozen and lost the duty to another then writes nothing.
/// </summary>
/// <param name="Failures">How often it failed, or its worker disappeared with it, before this attempt.</param>
/// <param name="Checkpoint">As an earlier holder left it; null at first.</param>
internal sealed record Duty(
    Guid Id, string Kind, string Arguments, string? Checkpoint, long Lease, int Attempts, int Failures,
    DateTime CreatedAt, string? Traceparent)
{
    /// <summary>The arguments as an object; members are in camelCase.</summary>
    /// <exception cref="JsonException">They have another form.</exception>
    public T Read<T>() => Parse<T>(Arguments);

    /// <summary>The checkpoint as an object; the default when there is none.</summary>
    public T? ReadCheckpoint<T>() => Checkpoint is null ? default : Parse<T>(Checkpoint);

    /// <summary>
    /// Locks the duty's row in the open transaction and makes sure that it is still held, so that the transaction and
    /// a loss of the duty exclude each other.
    /// </summary>
    /// <exception cref="DutyLostException">Another worker has it, or may have it by now.</exception>
    public async Task GuardAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        var held = await connection.ExecuteScalarAsync<bool>(
            new CommandDefinition(GuardSql, new { Id, Lease }, cancellationToken: cancel));
        if (!held)
        {
            throw new DutyLostException(this);
        }
    }

    /// <summary>Stores how far the work came, in the open transaction that did it; guards it too.</summary>
    /// <exception cref="DutyLostException">Another worker has it, or may have it by now.</exception>
    public async Task CheckpointAsync(NpgsqlConnection connection, object checkpoint, CancellationToken cancel)
    {
        var text = JsonSerializer.Serialize(checkpoint, JsonSerializerOptions.Web);
        var written = await connection.ExecuteAsync(
            new CommandDefinition(CheckpointSql, new { Id, Lease, text }, cancellationToken: cancel));
        if (written == 0)
        {
            throw new DutyLostException(this);
        }
    }

    private static T Parse<T>(string json) => JsonSerializer.Deserialize<T>(json, JsonSerializerOptions.Web)
        ?? throw new JsonException("An object was expected and not null.");

    private const string GuardSql = """
        SELECT EXISTS (
            SELECT
            FROM duties
            WHERE id = @id AND lease = @lease AND status = 'processing' AND available_at > clock_timestamp()
            FOR UPDATE
        )
        """;

    private const string CheckpointSql = """
        UPDATE duties
        SET checkpoint = @text::jsonb
        WHERE id = @id AND lease = @lease AND status = 'processing' AND available_at > clock_timestamp()
        """;
}

/// <summary>The duty's lease is over: what was under way must not be committed.</summary>
internal sealed class DutyLostException(Duty duty)
    : Exception(FormattableString.Invariant($"Lease {duty.Lease} of duty {duty.Id} ({duty.Kind}) is lost."));

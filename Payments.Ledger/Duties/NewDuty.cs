using System.Diagnostics;
using System.Text.Json;
using Dapper;
using Npgsql;

namespace Payments.Ledger.Duties;

/// <summary>Work that some worker must do once, whatever dies meanwhile.</summary>
/// <param name="Kind">Which handler does it: lower case with dots, <c>conversion.execute</c>.</param>
/// <param name="Arguments">An object; its members become JSON in camelCase.</param>
public sealed record NewDuty(Guid Id, string Kind, object Arguments)
{
    /// <summary>Of what must exist once, for ever: a second duty of the same name is not added.</summary>
    public string? Name { get; init; }

    /// <summary>When it is due; at once when null.</summary>
    public DateTimeOffset? DueAt { get; init; }
}

/// <summary>Adds duties to the table that all workers take them from.</summary>
public static class DutyTable
{
    /// <summary>Channel that wakes the workers for a new duty.</summary>
    public const string Channel = "duties";

    /// <summary>Adds a duty within the connection's open transaction, whose commit wakes a worker.</summary>
    /// <returns>False when there already is one of this name.</returns>
    public static async Task<bool> AddAsync(NpgsqlConnection connection, NewDuty duty, CancellationToken cancel)
    {
        var parameters = new
        {
            duty.Id,
            duty.Kind,
            duty.Name,
            duty.DueAt,
            Arguments = JsonSerializer.Serialize(duty.Arguments, JsonSerializerOptions.Web),
            Traceparent = Activity.Current is { Recorded: true } activity ? activity.Id : null,
        };
        var added = await connection.ExecuteScalarAsync<bool>(
            new CommandDefinition(AddSql, parameters, cancellationToken: cancel));
        return added;
    }

    private const string AddSql = """
        WITH added AS (
            INSERT INTO duties (id, kind, name, available_at, arguments, traceparent)
            VALUES (@id, @kind, @name, COALESCE(@dueAt, clock_timestamp()), @arguments::jsonb, @traceparent)
            ON CONFLICT (name) DO NOTHING
            RETURNING pg_notify('duties', '')
        )
        SELECT count(*) > 0
        FROM added
        """;
}

using System.Text.Json;
using Dapper;
using Npgsql;

namespace Payments.Ledger.Reconciliation.Corrections;

/// <summary>The story of an exception: a line for each thing that was done with it.</summary>
public static class ExceptionStory
{
    /// <summary>Adds a line within the connection's open transaction.</summary>
    /// <param name="kind">What happened, in one word.</param>
    /// <param name="details">An object; its members become JSON in snake_case.</param>
    public static Task AddAsync(
        NpgsqlConnection connection, Guid exceptionId, string kind, string actor, string? text, object? details,
        DateTimeOffset at, CancellationToken cancel) =>
        connection.ExecuteAsync(new CommandDefinition(
            AddSql,
            new
            {
                exceptionId,
                kind,
                actor,
                text,
                details = details is null ? "{}" : JsonSerializer.Serialize(details, Json),
                at,
            },
            cancellationToken: cancel));

    private static readonly JsonSerializerOptions Json =
        new(JsonSerializerDefaults.Web) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private const string AddSql = """
        INSERT INTO reconciliation_exception_events (created_at, exception_id, kind, actor, text, details)
        VALUES (@at, @exceptionId, @kind, @actor, @text, @details::jsonb)
        """;
}

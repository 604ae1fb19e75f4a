using System.Collections.Concurrent;
using Npgsql;
using Payments.Ledger.Audit;

namespace Payments.Api.Keys;

/// <summary>
/// Records that a known key was refused a change for want of a scope: that is a mistake in its rights, or someone who
/// tries what the key can do.
/// </summary>
internal sealed class RefusedUse(
    NpgsqlDataSource database, AuditLog audit, TimeProvider clock, ILogger<RefusedUse> logger)
{
    // Trying again and again is one finding, and must not fill the trail.
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    private const int MostRemembered = 10_000;

    private readonly ConcurrentDictionary<(Guid Key, string Route), DateTimeOffset> _recorded = new();

    /// <summary>Once a minute for each key and route; never fails the answer.</summary>
    public async Task RecordAsync(HttpContext context, string scope)
    {
        var method = context.Request.Method;
        if (context.User is not Caller caller || HttpMethods.IsGet(method) || HttpMethods.IsHead(method)
            || HttpMethods.IsOptions(method))
        {
            return;
        }

        var route = $"{method} {(context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText?.TrimEnd('/')}";
        var now = clock.GetUtcNow();
        if (_recorded.TryGetValue((caller.Key.Id, route), out var last) && now - last < Pause)
        {
            return;
        }

        if (_recorded.Count >= MostRemembered)
        {
            _recorded.Clear();
        }

        _recorded[(caller.Key.Id, route)] = now;
        try
        {
            await using var connection = await database.OpenConnectionAsync(context.RequestAborted);
            await audit.RecordAsync(
                connection,
                new(caller.Actor, "key.used", "endpoint", route)
                {
                    Outcome = AuditOutcome.Refused,
                    Details = new { Path = context.Request.Path.Value, LacksScope = scope },
                },
                context.RequestAborted);
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException or OperationCanceledException)
        {
            logger.LogWarning("A refused use of key {KeyId} could not be recorded: {Reason}", caller.Key.Id, e.Message);
        }
    }
}

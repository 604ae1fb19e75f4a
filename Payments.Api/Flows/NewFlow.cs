using System.Diagnostics;
using Payments.Api.Keys;
using Payments.Ledger;

namespace Payments.Api.Flows;

/// <summary>What every flow is recorded with, whatever its kind.</summary>
/// <param name="CreatedAt">In UTC, to the microsecond, which is what the database keeps.</param>
/// <param name="Traceparent">W3C trace context of the request.</param>
internal sealed record NewFlow(Guid Id, DateTimeOffset CreatedAt, int OwnerId, string? Traceparent)
{
    public static NewFlow Of(Caller caller, TimeProvider clock)
    {
        var now = clock.GetUtcNow();
        var createdAt = now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond));
        return new NewFlow(
            TimeOrderedId.New(createdAt), createdAt, caller.Key.OwnerId,
            Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity ? activity.Id : null);
    }

    /// <summary>The trace's id in a trace context: <c>00-{trace id, 32 digits}-...</c>; null without one.</summary>
    public static string? TraceIdOf(string? traceparent) =>
        ActivityContext.TryParse(traceparent, traceState: null, out var context) ? context.TraceId.ToHexString() : null;
}

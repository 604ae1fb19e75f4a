using System.Text.Json.Serialization;
using Payments.Providers.Flows;

namespace Payments.Providers.Disturbances;

/// <summary>Looking at the sandbox and disturbing it; no part of any provider's own surface.</summary>
internal static class DisturbanceEndpoints
{
    private const decimal LargestShift = 1_000_000_000_000m;

    public static void AddDisturbances(this IServiceCollection services)
    {
        services.AddSingleton<Sandbox>();
        services.ConfigureHttpJsonOptions(json =>
            json.SerializerOptions.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow);
    }

    public static void MapDisturbances(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/sandbox");

        group.MapGet("", (Sandbox sandbox, FollowFlows follow, TimeProvider clock) => TypedResults.Ok(
            new SandboxState(
                [.. sandbox.All.Select(provider => StateOf(provider, clock))], follow.Error)));
        group.MapGet("/{provider}", (string provider, Sandbox sandbox, TimeProvider clock) =>
            Change(provider, sandbox, clock, _ => null));
        group.MapPost("/{provider}/shift", Shift);
        group.MapPost("/{provider}/delay", DelayAsync);
        group.MapPost("/{provider}/break", Break);
        group.MapPost("/{provider}/heal", (string provider, Sandbox sandbox, TimeProvider clock) =>
            Change(provider, sandbox, clock, one =>
            {
                one.Disturbance.Heal();
                return null;
            }));
    }

    private static IResult Shift(string provider, ShiftRequest request, Sandbox sandbox, TimeProvider clock) =>
        Change(provider, sandbox, clock, one =>
        {
            if (request.Amount == 0 || Math.Abs(request.Amount) > LargestShift
                || decimal.Round(request.Amount, one == sandbox.Alpaca ? 2 : 6) != request.Amount)
            {
                return $"The amount must be a signed decimal other than zero, such as \"25.00\", in {one.Currency}.";
            }

            one.Disturbance.ShiftBy(request.Amount);
            return null;
        });

    private static async Task<IResult> DelayAsync(
        string provider, Sandbox sandbox, TimeProvider clock, CancellationToken cancel)
    {
        if (sandbox.Find(provider) is { } found)
        {
            await found.CatchUpAsync(cancel);
        }

        return Change(provider, sandbox, clock, one =>
        {
            if (one.Undisturbed is not { } now)
            {
                return "The flows could not be read yet, so there is nothing to stay at.";
            }

            one.Disturbance.Delay(now);
            return null;
        });
    }

    private static IResult Break(string provider, BreakRequest? request, Sandbox sandbox, TimeProvider clock) =>
        Change(provider, sandbox, clock, one =>
        {
            one.Disturbance.Break(request?.How ?? Breakage.Error);
            return null;
        });

    /// <param name="change">Changes the provider; says why it does not, if so.</param>
    private static IResult Change(
        string name, Sandbox sandbox, TimeProvider clock, Func<SandboxProvider, string?> change)
    {
        if (sandbox.Find(name) is not { } provider)
        {
            return TypedResults.Problem("The providers are circle and alpaca.", statusCode: 404);
        }

        return change(provider) is { } refusal
            ? TypedResults.Problem(refusal, statusCode: 422)
            : TypedResults.Ok(StateOf(provider, clock));
    }

    private static ProviderState StateOf(SandboxProvider provider, TimeProvider clock)
    {
        var told = provider.Told;
        return new ProviderState(
            provider.Name,
            provider.Currency,
            told is null ? null : provider.Write(told.Total),
            provider.Undisturbed is { } undisturbed ? provider.Write(undisturbed.Total) : null,
            told?.AsOf,
            told is null ? null : Math.Max(0, Math.Round((clock.GetUtcNow() - told.AsOf).TotalSeconds, 3)),
            told is null ? 0 : told.All.Count - 1,
            provider.Write(provider.Disturbance.Shift),
            provider.Disturbance.Delayed is not null,
            provider.Disturbance.Broken);
    }
}

/// <param name="Amount">In units of the provider's currency; text or a number, with its sign.</param>
internal sealed record ShiftRequest(
    [property: JsonRequired, JsonNumberHandling(JsonNumberHandling.AllowReadingFromString)] decimal Amount);

internal sealed record BreakRequest(Breakage How = Breakage.Error);

/// <param name="FlowsError">Why the flows cannot be read just now; null when they can.</param>
internal sealed record SandboxState(IReadOnlyList<ProviderState> Providers, string? FlowsError);

/// <param name="Total">What the provider tells, with its disturbances.</param>
/// <param name="ByTheFlows">What it would tell without them.</param>
internal sealed record ProviderState(
    string Provider,
    string Currency,
    string? Total,
    string? ByTheFlows,
    DateTimeOffset? AsOf,
    double? AgeSeconds,
    int Users,
    string Shift,
    bool Delayed,
    Breakage? Broken);

using System.Net.Http.Json;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Payments.AppHost;

/// <summary>
/// Commands on the dashboard that make the sandbox's providers differ from the books, and agree again.
/// </summary>
internal static class ProviderDisturbances
{
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(15);

    private static readonly (string Name, string Title, string Shift)[] Providers =
        [("circle", "Circle", "25.00"), ("alpaca", "Alpaca", "250.00")];

    /// <summary>Adds commands that shift, delay, break and heal each provider, as its <c>/sandbox</c> does.</summary>
    public static IResourceBuilder<ProjectResource> WithDisturbances(this IResourceBuilder<ProjectResource> sandbox)
    {
        foreach (var (name, title, shift) in Providers)
        {
            sandbox
                .WithDisturbance(
                    name, $"{name}-shift", $"Shift {title} by {shift}", "ArrowSortUp", "shift", new { amount = shift },
                    "What it holds no longer agrees with the books; again shifts it further.")
                .WithDisturbance(
                    name, $"{name}-shift-back", $"Shift {title} by -{shift}", "ArrowSortDown", "shift",
                    new { amount = $"-{shift}" }, "The same in the other direction.")
                .WithDisturbance(
                    name, $"{name}-delay", $"Delay {title}", "ClockPause", "delay", new { },
                    "What it holds stays as it is now, and ages; the check is inconclusive when it is too old.")
                .WithDisturbance(
                    name, $"{name}-break", $"Break {title}", "PlugDisconnected", "break", new { how = "error" },
                    "It answers 503; the check is inconclusive.")
                .WithDisturbance(
                    name, $"{name}-heal", $"Heal {title}", "HeartPulse", "heal", new { },
                    "Ends all that was done to it: what it holds is what the flows say.");
        }

        return sandbox;
    }

    private static IResourceBuilder<ProjectResource> WithDisturbance(
        this IResourceBuilder<ProjectResource> sandbox,
        string provider,
        string command,
        string title,
        string icon,
        string action,
        object body,
        string description) =>
        sandbox.WithCommand(command, title, context => PostAsync(sandbox, provider, action, body, context), new()
        {
            Description = description,
            IconName = icon,
            IconVariant = IconVariant.Regular,
            UpdateState = state => state.ResourceSnapshot.HealthStatus == HealthStatus.Healthy
                ? ResourceCommandState.Enabled
                : ResourceCommandState.Disabled,
        });

    private static async Task<ExecuteCommandResult> PostAsync(
        IResourceBuilder<ProjectResource> sandbox,
        string provider,
        string action,
        object body,
        ExecuteCommandContext context)
    {
        using var http = new HttpClient { BaseAddress = new(sandbox.GetEndpoint("http").Url), Timeout = TimeLimit };

        try
        {
            var address = new Uri($"/sandbox/{provider}/{action}", UriKind.Relative);
            using var answer = await http.PostAsJsonAsync(address, body, context.CancellationToken);
            var state = await answer.Content.ReadAsStringAsync(context.CancellationToken);
            return answer.IsSuccessStatusCode
                ? CommandResults.Success("Done.", state, CommandResultFormat.Json)
                : CommandResults.Failure($"The sandbox refused: {state}");
        }
        catch (HttpRequestException e)
        {
            return CommandResults.Failure(e);
        }
        catch (OperationCanceledException) when (!context.CancellationToken.IsCancellationRequested)
        {
            return CommandResults.Failure($"The sandbox did not answer within {TimeLimit.TotalSeconds} seconds.");
        }
    }
}

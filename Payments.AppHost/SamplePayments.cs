using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Payments.AppHost;

/// <summary>A command on the dashboard that gives a newcomer something to look at.</summary>
internal static class SamplePayments
{
    private const int Count = 100;
    private const int AtOnce = 10;
    private const int Accounts = 10;

    // Asked again under the same idempotency key, a payment whose answer was lost is not made twice.
    private const int Attempts = 3;

    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(30);

    /// <summary>Adds "Create 100 payments", which pays ten sample accounts over HTTP.</summary>
    public static IResourceBuilder<ProjectResource> WithSamplePayments(this IResourceBuilder<ProjectResource> api) =>
        api.WithCommand("sample-payments", $"Create {Count} payments", context => ExecuteAsync(api, context), new()
        {
            Description = "Posts sample payments to ten accounts, each with an idempotency key of its own.",
            IconName = "MoneyHand",
            IconVariant = IconVariant.Regular,
            ConfirmationMessage = $"Create {Count} payments? What is once in the books stays there.",
            UpdateState = context => context.ResourceSnapshot.HealthStatus == HealthStatus.Healthy
                ? ResourceCommandState.Enabled
                : ResourceCommandState.Disabled,
        });

    private static async Task<ExecuteCommandResult> ExecuteAsync(
        IResourceBuilder<ProjectResource> api, ExecuteCommandContext context)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken);
        limited.CancelAfter(TimeLimit);
        using var http = new HttpClient { BaseAddress = new(api.GetEndpoint("http").Url) };
        var run = Guid.CreateVersion7();
        var refusals = new ConcurrentBag<string>();
        var accepted = 0;

        try
        {
            await Parallel.ForEachAsync(
                Enumerable.Range(1, Count),
                new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = limited.Token },
                async (number, cancel) =>
                {
                    if (await PostAsync(http, run, number, cancel) is { } refusal)
                    {
                        refusals.Add(refusal);
                    }
                    else
                    {
                        Interlocked.Increment(ref accepted);
                    }
                });
        }
        catch (OperationCanceledException) when (!context.CancellationToken.IsCancellationRequested)
        {
            refusals.Add($"the API did not answer all within {TimeLimit.TotalSeconds} seconds");
        }

        var outcome = $"{accepted} of {Count} payments were accepted";
        return refusals.TryPeek(out var first)
            ? CommandResults.Failure($"{outcome}. One that was not: {first}.")
            : CommandResults.Success(
                $"{outcome}.",
                $"{outcome}. The workers settle them into the accounts SAMPLE-00 to SAMPLE-09; their idempotency keys "
                + $"are sample-{run}-1 to {Count}.");
    }

    /// <summary>Pays once; null when the payment was accepted, else why not.</summary>
    private static async Task<string?> PostAsync(HttpClient http, Guid run, int number, CancellationToken cancel)
    {
        var account = string.Create(CultureInfo.InvariantCulture, $"SAMPLE-{number % Accounts:00}");
        var payment = new { accountId = account, amount = 10m + (number * 1.01m), description = "Sample payment" };
        var key = string.Create(CultureInfo.InvariantCulture, $"sample-{run}-{number}");
        string? refusal = null;

        for (var attempt = 1; attempt <= Attempts; attempt++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/payments")
            {
                Content = JsonContent.Create(payment),
                Headers = { { "Idempotency-Key", key } },
            };

            try
            {
                using var response = await http.SendAsync(request, cancel);

                if (response.IsSuccessStatusCode)
                {
                    return null;
                }

                refusal = string.Create(
                    CultureInfo.InvariantCulture, $"status {(int)response.StatusCode} {response.ReasonPhrase}");

                if (response.StatusCode < HttpStatusCode.InternalServerError)
                {
                    return refusal;
                }
            }
            catch (HttpRequestException e)
            {
                refusal = e.Message;
            }
        }

        return refusal;
    }
}

using System.Net.Http.Json;
using System.Text.Json;

namespace Payments.AppHost.Tests;

public static class Paying
{
    /// <summary>Creates a payment over HTTP, with its description as the idempotency key; returns its id.</summary>
    public static async Task<Guid> PayAsync(
        this PaymentsApplication application, string description, decimal amount, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/payments", UriKind.Relative))
        {
            Headers = { { "Idempotency-Key", description } },
            Content = JsonContent.Create(new { accountId = $"account-{description}", amount, description }),
        };
        using var answer = await application.Api.SendAsync(request, cancel);
        answer.EnsureSuccessStatusCode();
        var payment = await answer.Content.ReadFromJsonAsync<JsonElement>(cancel);
        return payment.GetProperty("id").GetGuid();
    }
}

using System.Text;

namespace Payments.Api.Tests.Refunds;

/// <summary>The requests that tests of refunds send.</summary>
internal static class RefundRequests
{
    public const string Part = """{"amount":40.00,"reason":"requested_by_customer"}""";

    public static Task<HttpResponseMessage> RefundAsync(
        this HttpClient client, Guid payment, string? body = null, string? key = null) =>
        client.PostAsync($"/payments/{payment}/refunds", body, key ?? PaymentRequests.NewKey());

    /// <summary>Without a body when none is given, and without a key when none is given.</summary>
    public static async Task<HttpResponseMessage> PostAsync(
        this HttpClient client, string address, string? body, string? key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address);
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        if (key is not null)
        {
            request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
        }

        return await client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    /// <summary>A payment that was completed.</summary>
    public static async Task<Guid> PaidAsync(this ApiFixture fixture, string account, decimal amount)
    {
        var id = await fixture.Client.PayAsync(account, amount);
        await Settlement.CompleteAsync(fixture.Database, id);
        return id;
    }

    public static async Task<(int Status, string Code)> RefusalAsync(this Task<HttpResponseMessage> request)
    {
        using var response = await request;
        return ((int)response.StatusCode, await response.CodeAsync());
    }
}

using System.Text;

namespace Payments.Api.Tests.Webhooks;

/// <summary>The requests of these tests.</summary>
internal static class WebhookRequests
{
    public const string Root = "/api/admin/webhooks";

    public const string AdminKey = "key-of-the-webhooks-admin";

    public static async Task<HttpClient> AdminAsync(this ApiFixture fixture)
    {
        await TestKeys.AddAsync(fixture.Database, "admin", AdminKey, ["reconciliation:admin"]);
        return fixture.Api.CreateClient(AdminKey);
    }

    public static Task<HttpResponseMessage> SendAsync(
        this HttpClient client, HttpMethod method, string address, string? body = null, string? key = null)
    {
        var request = new HttpRequestMessage(method, Root + address);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }

        if (method == HttpMethod.Post)
        {
            request.Headers.Add("Idempotency-Key", key ?? PaymentRequests.NewKey());
        }

        return client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    /// <summary>Creates a target; returns its id and its secret.</summary>
    public static async Task<(Guid Id, string Secret)> AddTargetAsync(this HttpClient client, string types = "[]")
    {
        using var response = await client.SendAsync(
            HttpMethod.Post, "", $$"""{"url": "https://hooks.example.com/alerts", "eventTypes": {{types}}}""");
        Assert.Equal(201, (int)response.StatusCode);
        var target = await response.ReadAsync();
        return (target.GetProperty("id").GetGuid(), target.GetProperty("secret").GetString()!);
    }

    /// <summary>Sends a test event; returns its delivery.</summary>
    public static async Task<Guid> TestAsync(this HttpClient client, Guid target)
    {
        using var response = await client.SendAsync(HttpMethod.Post, $"/{target}/test");
        Assert.Equal(202, (int)response.StatusCode);
        return (await response.ReadAsync()).GetProperty("id").GetGuid();
    }
}

using System.Text;

namespace Payments.Api.Tests.Reconciliation;

/// <summary>An API with two operators, each with a key of their own.</summary>
public sealed class Desk : IAsyncLifetime
{
    public const string Root = "/api/admin/reconciliation";

    private static readonly string[] Scopes = ["reconciliation:admin", "payments:read", "payments:write"];

    private readonly ApiFixture _fixture = new();

    public TestDatabase Database => _fixture.Database;

    /// <summary>Acts as <c>anna</c>.</summary>
    public HttpClient Anna { get; private set; } = null!;

    /// <summary>Acts as <c>berta</c>.</summary>
    public HttpClient Berta { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        await _fixture.InitializeAsync();
        await TestKeys.AddAsync(Database, "anna", "key-of-anna", Scopes);
        await TestKeys.AddAsync(Database, "berta", "key-of-berta", Scopes);
        Anna = _fixture.Api.CreateClient("key-of-anna");
        Berta = _fixture.Api.CreateClient("key-of-berta");
    }

    public async ValueTask DisposeAsync()
    {
        Anna.Dispose();
        Berta.Dispose();
        await _fixture.DisposeAsync();
    }
}

internal static class DeskRequests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Does something with an exception or an adjustment.</summary>
    /// <param name="path">Behind the root.</param>
    public static Task<HttpResponseMessage> ActAsync(
        this HttpClient client, string path, string? body = null, string? key = null)
    {
        var method = path.EndsWith("/resolve", StringComparison.Ordinal) ? HttpMethod.Put : HttpMethod.Post;
        var request = new HttpRequestMessage(method, Desk.Root + path);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }

        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        return client.SendAsync(request, Cancel);
    }

    /// <summary>The same, when it is to be accepted.</summary>
    public static async Task<JsonElement> DoAsync(this HttpClient client, string path, string? body = null)
    {
        using var response = await client.ActAsync(path, body);
        Assert.True(response.IsSuccessStatusCode, $"{path}: {await response.Content.ReadAsStringAsync(Cancel)}");
        return await response.ReadAsync();
    }

    /// <summary>What is answered under a key: status and body, and whether it was given before.</summary>
    public static async Task<string> ToldAsync(this HttpClient client, string path, string? body, string key)
    {
        using var response = await client.ActAsync(path, body, key);
        var replayed = response.Headers.Contains("Idempotent-Replayed") ? " replayed" : "";
        return $"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync(Cancel)}{replayed}";
    }

    /// <summary>Members of an answer, one after the other as text; nothing for one that is null.</summary>
    public static string Text(this JsonElement item, params IReadOnlyList<string> members) =>
        string.Join(' ', members.Select(member => item.GetProperty(member).ToString()));

    /// <summary>Its status and the code of its problem.</summary>
    public static async Task<string> RefusedAsync(this HttpClient client, string path, string? body = null)
    {
        using var response = await client.ActAsync(path, body);
        return $"{(int)response.StatusCode} {await response.CodeAsync()}";
    }
}

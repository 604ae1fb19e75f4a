using System.Text;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Payments.Testing.OpenApi;

namespace Payments.Api.Tests;

/// <summary>The API in this process, behind a real socket on a port of its own.</summary>
public sealed class ApiServer : IAsyncDisposable
{
    /// <summary>The key that <see cref="Client"/> presents; <see cref="TestKeys"/> puts it into the database.</summary>
    public const string Key = "key-of-the-tests";

    private readonly Factory _factory;

    private ApiServer(Factory factory)
    {
        _factory = factory;
        factory.UseKestrel(0);
        factory.StartServer();
        using (var client = factory.CreateClient())
        {
            Address = client.BaseAddress!;
        }

        Client = CreateClient(Key);
    }

    public Uri Address { get; }

    /// <summary>Presents <see cref="Key"/>.</summary>
    public HttpClient Client { get; }

    public IServiceProvider Services => _factory.Services;

    /// <summary>Starts as Production unless told otherwise, since that is what must be right.</summary>
    public static ApiServer Start(
        string connectionString, string environment = "Production", params (string Name, string Value)[] settings) =>
        new(new Factory(connectionString, environment, settings));

    /// <summary>
    /// A client of its own; without a key it presents none. What it is answered must be as the API documents it.
    /// </summary>
    public HttpClient CreateClient(string? key = null)
    {
        var client = new HttpClient(new CheckedAnswers(new SocketsHttpHandler())) { BaseAddress = Address };
        if (key is not null)
        {
            client.DefaultRequestHeaders.Authorization = new("Bearer", key);
        }

        return client;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _factory.DisposeAsync();
    }

    private sealed class Factory(string connectionString, string environment, (string Name, string Value)[] settings)
        : WebApplicationFactory<Program>
    {
        protected override void ConfigureWebHost(IWebHostBuilder builder)
        {
            builder.UseEnvironment(environment);
            builder.UseSetting("ConnectionStrings:payments", connectionString);
            builder.UseSetting("Management:Port", "0");
            builder.UseSetting("Auth:LoopbackAsDeveloper", "false");
            builder.UseSetting("Webhooks:EncryptionKey", Convert.ToBase64String(new byte[32]));
            builder.UseSetting("Logging:LogLevel:Default", "None");
            builder.UseSetting("Logging:LogLevel:Microsoft.AspNetCore", "None");
            foreach (var (name, value) in settings)
            {
                builder.UseSetting(name, value);
            }
        }
    }
}

/// <summary>The requests that most tests send.</summary>
internal static class PaymentRequests
{
    public static Task<HttpResponseMessage> CreateAsync(
        this HttpClient client, string body, string? key = null, string contentType = "application/json")
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/payments")
        {
            Content = new StringContent(body, Encoding.UTF8),
        };
        request.Content.Headers.Remove("Content-Type");
        request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        request.Headers.TryAddWithoutValidation("Idempotency-Key", key ?? NewKey());
        return client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    /// <summary>Creates a payment and returns its id.</summary>
    public static async Task<Guid> PayAsync(
        this HttpClient client, string account, decimal amount, string currency = "USD")
    {
        using var response = await client.CreateAsync(FormattableString.Invariant(
            $$"""{"accountId":"{{account}}","amount":{{amount}},"currency":"{{currency}}"}"""));
        Assert.Equal(201, (int)response.StatusCode);
        return (await response.ReadAsync()).GetProperty("id").GetGuid();
    }

    public static Task<HttpResponseMessage> PostJsonAsync(this HttpClient client, string address, string body) =>
        client.PostAsync(
            address, new StringContent(body, Encoding.UTF8, "application/json"),
            TestContext.Current.CancellationToken);

    /// <summary>Moves money between two accounts; returns the transfer's id and its key.</summary>
    public static async Task<(Guid Id, string Key)> TransferAsync(
        this HttpClient client, string source, string destination, decimal amount, string? key = null)
    {
        key ??= NewKey();
        using var response = await client.PostJsonAsync("/api/v1/transactions", FormattableString.Invariant(
            $$$"""
            {"transaction":{"source_account_id":"{{{source}}}","destination_account_id":"{{{destination}}}",
            "amount":{{{amount}}}},"idempotencyKey":"{{{key}}}"}
            """));
        Assert.Equal(202, (int)response.StatusCode);
        return ((await response.ReadAsync()).GetProperty("messageId").GetGuid(), key);
    }

    public static async Task<JsonElement> GetJsonAsync(this HttpClient client, string address)
    {
        using var response = await client.GetAsync(address, TestContext.Current.CancellationToken);
        Assert.Equal(200, (int)response.StatusCode);
        return await response.ReadAsync();
    }

    public static async Task<JsonElement> ReadAsync(this HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return JsonDocument.Parse(text).RootElement;
    }

    public static async Task<string> CodeAsync(this HttpResponseMessage response)
    {
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.ToString());
        return (await response.ReadAsync()).GetProperty("code").GetString()!;
    }

    public static string NewKey() => Guid.CreateVersion7().ToString();
}

using System.Text;

namespace Payments.Api.Tests.AccountReconciliations;

/// <summary>A system of its own whose accounts are reconciled, and corrupted behind the application's back.</summary>
public sealed class Reconciling : IAsyncDisposable
{
    private const string Key = "key-of-the-accountant";

    private readonly ApiFixture _fixture = new();

    public TestDatabase Database => _fixture.Database;

    public HttpClient Client { get; private set; } = null!;

    public static async Task<Reconciling> StartAsync()
    {
        var system = new Reconciling();
        await system._fixture.InitializeAsync();
        await TestKeys.AddAsync(
            system.Database, "accountant", Key, ["payments:read", "payments:write", "reconciliation:admin"]);
        system.Client = system._fixture.Api.CreateClient(Key);
        return system;
    }

    /// <summary>
    /// Four payments settled by a worker, two of them transfers: ACC-A gets 100.00, 50.00 and 20.00 and pays 30.00.
    /// </summary>
    internal async Task<SettledPayments> SettleAsync()
    {
        var settled = new SettledPayments(
            new QueuedPayment("ACC-A", 10_000),
            new QueuedPayment("ACC-A", 5_000),
            new QueuedPayment("ACC-A", 2_000, Payer: "ACC-B"),
            new QueuedPayment("ACC-B", 3_000, Payer: "ACC-A"));
        await SettlingWorker.SettleAsync(Database, settled.First, settled.Second, settled.In, settled.Out);
        return settled;
    }

    /// <summary>Runs statements as a superuser whose session fires no triggers.</summary>
    public Task CorruptAsync(string sql, object? parameters = null) =>
        Database.ExecuteAsync("SET session_replication_role = replica; " + sql, parameters);

    public async Task<JsonElement> ReconcileAsync(string account = "ACC-A", string body = "", string query = "")
    {
        using var response = await SendAsync(account, body, query);
        Assert.Equal(201, (int)response.StatusCode);
        return await response.ReadAsync();
    }

    public Task<HttpResponseMessage> SendAsync(string account, string body = "", string query = "") =>
        Client.PostAsync(
            $"/api/v1/accounts/{account}/reconcile{query}",
            body.Length == 0 ? null : new StringContent(body, Encoding.UTF8, "application/json"),
            TestContext.Current.CancellationToken);

    /// <summary>What was found: kind, payment, position, expected and actual.</summary>
    internal static IReadOnlyList<Found> FindingsOf(JsonElement answer) =>
    [
        .. answer.GetProperty("findings").GetProperty("data").EnumerateArray().Select(finding => new Found(
            finding.GetProperty("kind").GetString()!,
            finding.GetProperty("paymentId").GetString() is { } id ? Guid.Parse(id) : null,
            finding.GetProperty("position") is { ValueKind: JsonValueKind.Number } position
                ? position.GetInt64()
                : null,
            finding.GetProperty("expected").GetRawText(),
            finding.GetProperty("actual").GetRawText())),
    ];

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _fixture.DisposeAsync();
    }
}

internal sealed record SettledPayments(QueuedPayment First, QueuedPayment Second, QueuedPayment In, QueuedPayment Out);

internal sealed record Found(string Kind, Guid? PaymentId, long? Position, string Expected, string Actual);

using System.Text;

namespace Payments.Api.Tests.AccountReconciliations;

/// <summary>A system of its own whose accounts are reconciled, and corrupted behind the application's back.</summary>
public sealed class Reconciling : IAsyncDisposable
{
    private const string Key = "key-of-the-accountant";

    private readonly ApiFixture _fixture;

    private Reconciling(ApiFixture fixture, SettledPayments settled) => (_fixture, Settled) = (fixture, settled);

    public TestDatabase Database => _fixture.Database;

    public HttpClient Client { get; private set; } = null!;

    /// <summary>What was settled before the system began.</summary>
    internal SettledPayments Settled { get; }

    internal static async Task<Reconciling> StartAsync(SettledBooks books)
    {
        var system = new Reconciling(
            new ApiFixture { Database = new TestDatabase { Template = books.Name } }, books.Settled);
        await system._fixture.InitializeAsync();
        await TestKeys.AddAsync(
            system.Database, "accountant", Key, ["payments:read", "payments:write", "reconciliation:admin"]);
        system.Client = system._fixture.Api.CreateClient(Key);
        return system;
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

/// <summary>
/// Books to start with: four payments settled by a worker, two of them transfers. ACC-A gets 100.00, 50.00 and 20.00
/// and pays 30.00.
/// </summary>
public sealed class SettledBooks : IAsyncLifetime
{
    private readonly TestDatabase _database = new();

    public string Name => _database.Name;

    internal SettledPayments Settled { get; } = new(
        new QueuedPayment("ACC-A", 10_000),
        new QueuedPayment("ACC-A", 5_000),
        new QueuedPayment("ACC-A", 2_000, Payer: "ACC-B"),
        new QueuedPayment("ACC-B", 3_000, Payer: "ACC-A"));

    public async ValueTask InitializeAsync()
    {
        await _database.InitializeAsync();
        await SettlingWorker.SettleAsync(_database, Settled.First, Settled.Second, Settled.In, Settled.Out);
        await _database.CloseAsync();
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();
}

internal sealed record SettledPayments(QueuedPayment First, QueuedPayment Second, QueuedPayment In, QueuedPayment Out);

internal sealed record Found(string Kind, Guid? PaymentId, long? Position, string Expected, string Actual);

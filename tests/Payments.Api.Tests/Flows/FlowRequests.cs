using Payments.Api.Tests.Refunds;

namespace Payments.Api.Tests.Flows;

/// <summary>The requests that tests of flows send.</summary>
internal static class FlowRequests
{
    public const string Deposits = "/api/v1/deposits";

    public const string Conversions = "/api/v1/conversions";

    public const string Withdrawals = "/api/v1/withdrawals";

    public static Task<HttpResponseMessage> RecordAsync(
        this HttpClient client, string address, string body, string? key = null) =>
        client.PostAsync(address, body, key ?? PaymentRequests.NewKey());

    /// <summary>Records a flow of an account and returns it.</summary>
    public static async Task<JsonElement> RecordedAsync(
        this HttpClient client, string address, string account, decimal amount)
    {
        var member = address == Conversions ? "usdcAmount" : "amount";
        using var response = await client.RecordAsync(address, FormattableString.Invariant(
            $$"""{"accountId":"{{account}}","{{member}}":{{amount}}}"""));
        Assert.Equal(201, (int)response.StatusCode);
        return await response.ReadAsync();
    }

    public static Task<HttpResponseMessage> CompleteAsync(this HttpClient client, string address, Guid id) =>
        client.PostAsync($"{address}/{id}/complete", body: null, key: null);

    public static Task<HttpResponseMessage> FailAsync(
        this HttpClient client, string address, Guid id, string reason = "it never came") =>
        client.PostAsync($"{address}/{id}/fail", $$"""{"reason":"{{reason}}"}""", key: null);

    /// <summary>An account with USDC that arrived.</summary>
    public static async Task<Guid> DepositedAsync(this HttpClient client, string account, decimal amount)
    {
        var id = (await client.RecordedAsync(Deposits, account, amount)).GetProperty("id").GetGuid();
        using var completed = await client.CompleteAsync(Deposits, id);
        Assert.Equal(200, (int)completed.StatusCode);
        return id;
    }

    /// <summary>An account with USD that were paid to it.</summary>
    public static async Task FundAsync(this ApiFixture fixture, string account, decimal amount) =>
        await Settlement.CompleteAsync(fixture.Database, await fixture.Client.PayAsync(account, amount));

    public static async Task<decimal> BalanceAsync(
        this HttpClient client, string account, string currency = "USD", string member = "balance") =>
        (await client.GetJsonAsync($"/accounts/{account}/balance?currency={currency}"))
            .GetProperty(member).GetDecimal();

    /// <summary>The entries of a transaction, as <c>name amount</c> in minor units.</summary>
    public static Task<IReadOnlyList<string>> EntriesAsync(this TestDatabase database, Guid transaction) =>
        database.QueryAsync<string>(
            """
            SELECT a.name || ' ' || e.amount || ' ' || e.currency
            FROM ledger_entries AS e
            JOIN accounts AS a ON a.id = e.account_id
            WHERE e.transaction_id = @transaction
            ORDER BY e.currency DESC, e.amount
            """,
            new { transaction });
}

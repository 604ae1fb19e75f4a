namespace Payments.Api.Tests.Transfers;

public sealed class TransactionTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private const string Address = "/api/v1/transactions/";

    [Fact]
    public async Task A_transaction_is_shown_with_its_entries()
    {
        var (id, _) = await fixture.Client.TransferAsync("ACC-A", "ACC-B", 12.5m);
        await Settlement.CompleteAsync(fixture.Database, id);

        var transaction = await fixture.Client.GetJsonAsync(Address + id);

        Assert.Equal("ACC-A", transaction.GetProperty("source_account_id").GetString());
        Assert.Equal("ACC-B", transaction.GetProperty("destination_account_id").GetString());
        Assert.Equal(
            ["debit ACC-A 12.50", "credit ACC-B 12.50"],
            transaction.GetProperty("ledgerEntries").EnumerateArray().Select(entry =>
                $"{entry.GetProperty("direction").GetString()} {entry.GetProperty("accountId").GetString()} "
                + entry.GetProperty("amount").GetRawText()));
    }

    [Fact]
    public async Task Payments_and_transfers_are_seen_at_both_addresses()
    {
        var payment = await fixture.Client.PayAsync("ACC-SEEN", 1);
        var (transfer, _) = await fixture.Client.TransferAsync("ACC-PAYS", "ACC-SEEN", 1);

        var asTransaction = await fixture.Client.GetJsonAsync(Address + payment);
        var asPayment = await fixture.Client.GetJsonAsync($"/payments/{transfer}");
        var list = await fixture.Client.GetJsonAsync("/payments?accountId=ACC-PAYS");

        Assert.Equal("clearing", asTransaction.GetProperty("source_account_id").GetString());
        Assert.Equal("ACC-PAYS", asPayment.GetProperty("payerAccountId").GetString());
        Assert.Equal(transfer, Assert.Single(list.GetProperty("data").EnumerateArray()).GetProperty("id").GetGuid());
    }

    [Fact]
    public async Task A_settled_transaction_verifies_and_so_does_one_that_has_posted_nothing()
    {
        var (settled, _) = await fixture.Client.TransferAsync("ACC-V1", "ACC-V2", 10);
        var (queued, _) = await fixture.Client.TransferAsync("ACC-V1", "ACC-V2", 10);
        var payment = await fixture.Client.PayAsync("ACC-V1", 3);
        await Settlement.CompleteAsync(fixture.Database, settled);
        await Settlement.CompleteAsync(fixture.Database, payment);

        var answer = await VerifyAsync(settled);

        Assert.True(answer.GetProperty("verified").GetBoolean());
        Assert.Equal(
            ("10.00", "10.00", "0.00", 2),
            (answer.GetProperty("totalDebits").GetRawText(), answer.GetProperty("totalCredits").GetRawText(),
                answer.GetProperty("difference").GetRawText(), answer.GetProperty("entryCount").GetInt32()));
        Assert.True((await VerifyAsync(payment)).GetProperty("verified").GetBoolean());
        var nothing = await VerifyAsync(queued);
        Assert.Equal((true, 0), (nothing.GetProperty("verified").GetBoolean(),
            nothing.GetProperty("entryCount").GetInt32()));
    }

    [Theory]
    [InlineData("UPDATE ledger_entries SET amount = amount + 1 WHERE transaction_id = @id AND amount > 0",
        "debits_equal_credits amount_matches balances_follow")]
    [InlineData("UPDATE ledger_entries SET amount = amount * 2, balance_after = balance_after + amount " +
        "WHERE transaction_id = @id", "amount_matches")]
    [InlineData("UPDATE ledger_entries SET balance_after = 1 WHERE transaction_id = @id AND amount < 0",
        "balances_follow")]
    [InlineData("DELETE FROM ledger_entries WHERE transaction_id = @id AND amount < 0",
        "entries_present debits_equal_credits amount_matches accounts_match")]
    [InlineData("UPDATE payments SET payee_account = 'ACC-ELSEWHERE' WHERE id = @id", "accounts_match")]
    [InlineData("UPDATE payments SET status = 'failed', failure_reason = 'x' WHERE id = @id", "posting_matches_status")]
    public async Task Each_way_to_corrupt_a_transaction_is_named(string corruption, string failed)
    {
        var account = $"ACC-{Guid.CreateVersion7():N}";
        var (id, _) = await fixture.Client.TransferAsync(account, account + "-2", 10);
        await Settlement.CompleteAsync(fixture.Database, id);
        await using (var connection = await fixture.Database.Superuser.OpenConnectionAsync(
            TestContext.Current.CancellationToken))
        {
            // Triggers are off on this connection: whoever may do that can write whatever they like.
            await Dapper.SqlMapper.ExecuteAsync(connection, "SET session_replication_role = replica");
            Assert.InRange(await Dapper.SqlMapper.ExecuteAsync(connection, corruption, new { id }), 1, 2);
            await Dapper.SqlMapper.ExecuteAsync(connection, "RESET session_replication_role");
        }

        var answer = await VerifyAsync(id);

        Assert.False(answer.GetProperty("verified").GetBoolean());
        Assert.Equal(failed, string.Join(' ', answer.GetProperty("checks").EnumerateArray()
            .Where(check => !check.GetProperty("passed").GetBoolean())
            .Select(check => check.GetProperty("name").GetString())));
    }

    [Fact]
    public async Task An_unknown_transaction_is_not_found()
    {
        using var read = await fixture.Client.GetAsync(
            Address + Guid.CreateVersion7(), TestContext.Current.CancellationToken);
        using var verified = await fixture.Client.PostJsonAsync($"{Address}nonsense/verify-double-entry", "");

        Assert.Equal((404, "transaction_not_found"), ((int)read.StatusCode, await read.CodeAsync()));
        Assert.Equal((404, "transaction_not_found"), ((int)verified.StatusCode, await verified.CodeAsync()));
    }

    private async Task<JsonElement> VerifyAsync(Guid id)
    {
        using var response = await fixture.Client.PostJsonAsync($"{Address}{id}/verify-double-entry", "");
        Assert.Equal(200, (int)response.StatusCode);
        return await response.ReadAsync();
    }
}

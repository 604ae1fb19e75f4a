using Dapper;
using Npgsql;
using Payments.Ledger;

namespace Payments.Api.Validation.Checks;

/// <summary>GET /accounts/{id}/balance answers the amount that was paid, which is what the entries add up to.</summary>
internal sealed class BalanceEndpoint(ApiClient api, NpgsqlDataSource database) : ICheck
{
    public string Name => "Balance endpoint";

    public string Step => "Verify balance endpoint accuracy";

    public async Task<Finding> RunAsync(TrialPayment payment, CancellationToken cancel)
    {
        var answer = await api.GetAsync($"/accounts/{payment.Account}/balance", cancel);
        if (answer.Unless(StatusCodes.Status200OK) is { } refused)
        {
            return refused;
        }

        await using var connection = await database.OpenConnectionAsync(cancel);
        var posted = await connection.ExecuteScalarAsync<long>(
            new CommandDefinition(PostedSql, new { payment.Account }, cancellationToken: cancel));

        var json = answer.Json;
        var amount = TrialPayment.Amount;
        return Finding.FirstDifference(
            "The balance that the API shows is not what was paid into the account.",
            Fact.Text(json, "accountId", payment.Account),
            Fact.Amount(json, "balance", amount),
            Fact.Amount(json, "balance", new Money(posted, amount.Currency)),
            Fact.Amount(json, "pending", new Money(0, amount.Currency)),
            Fact.Amount(json, "available", amount),
            Fact.Text(json, "currency", amount.Currency.Code),
            Fact.Member(json, "version", "1"))
            ?? (Finding)new Finding.Passed($"balance {amount}, as the account's entries add up");
    }

    private const string PostedSql = """
        SELECT coalesce(sum(entry.amount), 0)::bigint
        FROM accounts AS account
        JOIN ledger_entries AS entry ON entry.account_id = account.id
        WHERE account.name = @Account
        """;
}

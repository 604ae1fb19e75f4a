using Dapper;
using Npgsql;

namespace Payments.Api.Validation.Checks;

/// <summary>
/// The same request again gets the same answer, marked as a replay, and pays nothing twice; another request under the
/// same key is refused.
/// </summary>
internal sealed class IdempotentReplay(ApiClient api, NpgsqlDataSource database) : ICheck
{
    public string Name => "Idempotency";

    public string Step => "Test idempotency";

    public async Task<Finding> RunAsync(TrialPayment payment, CancellationToken cancel)
    {
        var again = await api.CreatePaymentAsync(payment.Request, payment.Key, cancel);
        if (again.Unless(StatusCodes.Status201Created) is { } refused)
        {
            return refused;
        }

        var notReplayed = Finding.FirstDifference(
            "The same key with the same body must get the first answer again.",
            Fact.Of("Idempotent-Replayed", "true", again.Replayed),
            Fact.Of("Location", payment.Location, again.Location),
            Fact.Of("body", payment.Created.Body, again.Body));
        if (notReplayed is not null)
        {
            return notReplayed;
        }

        var other = await api.CreatePaymentAsync(payment.OtherRequest, payment.Key, cancel);
        if (other.Unless(StatusCodes.Status422UnprocessableEntity) is { } accepted)
        {
            return accepted with { Why = "Another body under a key that was used must be refused." };
        }

        return Finding.FirstDifference(
            "Another body under a key that was used must be refused for that reason.",
            Fact.Text(other.Json, "code", "idempotency_key_reused"))
            ?? await CountAsync(payment, cancel);
    }

    private async Task<Finding> CountAsync(TrialPayment payment, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        var count = await connection.QuerySingleAsync<Counts>(
            new CommandDefinition(CountSql, new { payment.Account }, cancellationToken: cancel));
        return Finding.FirstDifference(
            "A repeated request must leave one payment, one job and one settlement.",
            Fact.Of("payments", 1, count.Payments),
            Fact.Of("jobs", 1, count.Jobs),
            Fact.Of("results", 1, count.Results),
            Fact.Of("ledger transactions", 1, count.Transactions),
            Fact.Of("entries of the payee", 1, count.Entries))
            ?? (Finding)new Finding.Passed(
                "the same request was replayed, another one refused (422); one payment, one settlement");
    }

    private const string CountSql = """
        SELECT count(payment.id) AS payments, count(job.id) AS jobs, count(result.payment_id) AS results,
            count(posting.id) AS transactions,
            (
                SELECT count(*)
                FROM accounts AS account
                JOIN ledger_entries AS entry ON entry.account_id = account.id
                WHERE account.name = @Account
            ) AS entries
        FROM payments AS payment
        LEFT JOIN recon_jobs AS job ON job.id = payment.id
        LEFT JOIN reconciliation_results AS result ON result.payment_id = payment.id
        LEFT JOIN ledger_transactions AS posting ON posting.id = payment.id
        WHERE payment.payee_account = @Account
        """;

    private sealed record Counts(long Payments, long Jobs, long Results, long Transactions, long Entries);
}

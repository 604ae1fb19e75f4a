using Dapper;
using Npgsql;
using Payments.Ledger.Jobs;

namespace Payments.Api.Validation.Checks;

/// <summary>The payment has its job in <c>recon_jobs</c>, for the same amount and account.</summary>
internal sealed class JobQueue(NpgsqlDataSource database) : ICheck
{
    public string Name => "Job queue";

    public string Step => "Verify reconciliation job creation";

    public async Task<Finding> RunAsync(TrialPayment payment, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        var job = await connection.QuerySingleOrDefaultAsync<Row>(
            new CommandDefinition(ReadSql, new { payment.Id }, cancellationToken: cancel));
        if (job is null)
        {
            return new Finding.Failed(
                $"a job with id {payment.Id} in recon_jobs", "none",
                "The payment was stored without its job, so no worker will ever settle it.");
        }

        if (job.Status is not ("pending" or "processing" or "completed"))
        {
            return new Finding.Failed(
                "a job that is pending, processing or completed", $"status {job.Status}",
                $"The job was given up: {job.LastError ?? "it names no error"}.");
        }

        return Finding.FirstDifference(
            "The job is not the payment's, so the worker would settle something else.",
            Fact.Of("payment_id", payment.Id, job.PaymentId),
            Fact.Of("kind", "payment", job.Kind),
            Fact.Of("payee_account", payment.Account, job.PayeeAccount),
            Fact.Of("amount", TrialPayment.Amount.Minor, job.Amount),
            Fact.Of("currency", TrialPayment.Amount.Currency.Code, job.Currency),
            Fact.Of("division", Division.Of(payment.Account), job.Division))
            ?? (Finding)new Finding.Passed($"recon_jobs has job {job.Sequence}, division {job.Division}, {job.Status}");
    }

    private const string ReadSql = """
        SELECT payment_id, kind, payee_account, amount, currency, division, sequence, status, last_error
        FROM recon_jobs
        WHERE id = @Id
        """;

    private sealed record Row(
        Guid PaymentId, string Kind, string PayeeAccount, long Amount, string Currency, short Division, long Sequence,
        string Status, string? LastError);
}

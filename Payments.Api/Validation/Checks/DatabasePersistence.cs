using System.Security.Cryptography;
using System.Text;
using Dapper;
using Npgsql;
using Payments.Api.Keys;

namespace Payments.Api.Validation.Checks;

/// <summary>The payment is a row of <c>payments</c>, and belongs to the owner of the API key.</summary>
internal sealed class DatabasePersistence(NpgsqlDataSource database, ValidationOptions options) : ICheck
{
    public string Name => "Database persistence";

    public string Step => "Confirm persistence in Postgres";

    public async Task<Finding> RunAsync(TrialPayment payment, CancellationToken cancel)
    {
        var keyHash = SHA256.HashData(Encoding.UTF8.GetBytes(options.ApiKey ?? DeveloperKeys.Demo));
        await using var connection = await database.OpenConnectionAsync(cancel);
        var row = await connection.QuerySingleOrDefaultAsync<Row>(
            new CommandDefinition(ReadSql, new { payment.Id, keyHash }, cancellationToken: cancel));
        if (row is null)
        {
            return new Finding.Failed(
                $"a row with id {payment.Id} in payments",
                $"none in database {connection.Database} at {connection.DataSource}",
                "ConnectionStrings:payments names another database than the API writes to, or the API lost it.");
        }

        return Finding.FirstDifference(
            "The stored payment is not the one that was created.",
            Fact.Of("kind", "payment", row.Kind),
            Fact.Of("payee_account", payment.Account, row.PayeeAccount),
            Fact.Of("amount", TrialPayment.Amount.Minor, row.Amount),
            Fact.Of("currency", TrialPayment.Amount.Currency.Code, row.Currency),
            Fact.Of("description", TrialPayment.Description, row.Description),
            Fact.Of("idempotency_key", payment.Key, row.IdempotencyKey),
            Fact.Of("owner", row.KeyOwner ?? "the owner of the API key", row.PaymentOwner))
            ?? (Finding)new Finding.Passed(
                $"payments has {row.Amount} minor units of {row.Currency} to {row.PayeeAccount}, "
                + $"owned by {row.PaymentOwner}");
    }

    private const string ReadSql = """
        SELECT payment.kind, payment.payee_account, payment.amount, payment.currency, payment.description,
            payment.idempotency_key, payment_owner.name AS payment_owner, key_owner.name AS key_owner
        FROM payments AS payment
        LEFT JOIN key_owners AS payment_owner ON payment_owner.id = payment.owner_id
        LEFT JOIN api_keys AS key ON key.key_hash = @keyHash
        LEFT JOIN key_owners AS key_owner ON key_owner.id = key.owner_id
        WHERE payment.id = @Id
        """;

    private sealed record Row(
        string Kind, string PayeeAccount, long Amount, string Currency, string? Description, string IdempotencyKey,
        string? PaymentOwner, string? KeyOwner);
}

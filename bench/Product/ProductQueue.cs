using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using NpgsqlTypes;
using Payments.Bench.Running;
using Payments.Ledger.Jobs;

namespace Payments.Bench.Product;

/// <summary>What the payments of a queue look like.</summary>
/// <param name="Accounts">How many accounts they go to.</param>
/// <param name="HotShare">The share that goes to one of them, 0 to 1.</param>
/// <param name="TracedShare">The share whose requests were sampled, 0 to 1.</param>
internal sealed record QueueShape(int Payments, int Accounts, double HotShare = 0, double TracedShare = 0.01)
{
    /// <summary>The account with this number.</summary>
    public static string AccountName(int number) =>
        string.Create(CultureInfo.InvariantCulture, $"bench-{number:00000}");
}

/// <summary>
/// Queues payments as the API writes them, payments and jobs alike. In two transactions: nobody may settle meanwhile.
/// </summary>
internal static class ProductQueue
{
    private const long LargestAmount = 100_000;

    /// <param name="seed">Two queues of one seed hold the same amounts and accounts in the same order.</param>
    public static async Task QueueAsync(
        this BenchDatabase database, QueueShape shape, int seed, CancellationToken cancel)
    {
        var payments = Generate(shape, new Random(seed), TimeProvider.System.GetUtcNow()).ToList();
        await Task.WhenAll(CopyPaymentsAsync(database, payments, cancel), CopyJobsAsync(database, payments, cancel));
    }

    // Ids and times as if they had been created one microsecond after the other.
    private static IEnumerable<Queued> Generate(QueueShape shape, Random random, DateTimeOffset start)
    {
        for (var i = 0; i < shape.Payments; i++)
        {
            var createdAt = start.AddTicks(i * TimeSpan.TicksPerMicrosecond);
            var account = random.NextDouble() < shape.HotShare ? 0 : random.Next(shape.Accounts);
            var traceId = Guid.CreateVersion7(createdAt);
            var isTraced = random.NextDouble() < shape.TracedShare;
            yield return new Queued(
                Guid.CreateVersion7(createdAt),
                createdAt.UtcDateTime,
                QueueShape.AccountName(account),
                random.NextInt64(1, LargestAmount),
                traceId,
                isTraced ? $"00-{traceId:N}-{random.NextInt64(1, long.MaxValue):x16}-01" : null);
        }
    }

    private static async Task CopyPaymentsAsync(
        BenchDatabase database, List<Queued> payments, CancellationToken cancel)
    {
        await using var connection = await database.Superuser.OpenConnectionAsync(cancel);
        await using var rows = await connection.BeginBinaryImportAsync(CopyPaymentsSql, cancel);
        foreach (var payment in payments)
        {
            var key = payment.Id.ToString();
            await rows.StartRowAsync(cancel);
            await rows.WriteAsync(payment.Id, NpgsqlDbType.Uuid, cancel);
            await rows.WriteAsync(payment.Amount, NpgsqlDbType.Bigint, cancel);
            await rows.WriteAsync(payment.CreatedAt, NpgsqlDbType.TimestampTz, cancel);
            await rows.WriteAsync(ProductDatabase.OwnerId, NpgsqlDbType.Integer, cancel);
            await rows.WriteAsync(payment.TraceId, NpgsqlDbType.Uuid, cancel);
            await rows.WriteAsync(SHA256.HashData(Encoding.ASCII.GetBytes(key)), NpgsqlDbType.Bytea, cancel);
            await rows.WriteAsync("payment", NpgsqlDbType.Text, cancel);
            await rows.WriteAsync("USD", NpgsqlDbType.Text, cancel);
            await rows.WriteAsync(payment.Account, NpgsqlDbType.Text, cancel);
            await rows.WriteAsync(key, NpgsqlDbType.Text, cancel);
            await rows.WriteAsync("bench payment", NpgsqlDbType.Text, cancel);
        }

        await rows.CompleteAsync(cancel);
    }

    private static async Task CopyJobsAsync(
        BenchDatabase database, List<Queued> payments, CancellationToken cancel)
    {
        await using var connection = await database.Superuser.OpenConnectionAsync(cancel);
        await using var rows = await connection.BeginBinaryImportAsync(CopyJobsSql, cancel);
        foreach (var payment in payments)
        {
            await rows.StartRowAsync(cancel);
            await rows.WriteAsync(payment.Id, NpgsqlDbType.Uuid, cancel);
            await rows.WriteAsync(payment.Id, NpgsqlDbType.Uuid, cancel);
            await rows.WriteAsync(payment.Amount, NpgsqlDbType.Bigint, cancel);
            await rows.WriteAsync(Division.Of(payment.Account), NpgsqlDbType.Smallint, cancel);
            await rows.WriteAsync("USD", NpgsqlDbType.Text, cancel);
            await rows.WriteAsync(payment.Account, NpgsqlDbType.Text, cancel);
            if (payment.Traceparent is null)
            {
                await rows.WriteNullAsync(cancel);
            }
            else
            {
                await rows.WriteAsync(payment.Traceparent, NpgsqlDbType.Text, cancel);
            }
        }

        await rows.CompleteAsync(cancel);
    }

    private const string CopyPaymentsSql = """
        COPY payments (id, amount, created_at, owner_id, trace_id, fingerprint, kind, currency, payee_account,
            idempotency_key, description) FROM STDIN (FORMAT binary)
        """;

    private const string CopyJobsSql = """
        COPY recon_jobs (id, payment_id, amount, division, currency, payee_account, traceparent)
            FROM STDIN (FORMAT binary)
        """;

    private sealed record Queued(
        Guid Id, DateTime CreatedAt, string Account, long Amount, Guid TraceId, string? Traceparent);
}

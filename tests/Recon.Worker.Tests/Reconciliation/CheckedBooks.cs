using System.Data;
using System.Globalization;
using Dapper;
using Npgsql;
using Payments.Testing;
using Recon.Worker.Reconciliation;
using Recon.Worker.Reconciliation.Checks;

namespace Recon.Worker.Tests.Reconciliation;

/// <summary>
/// Clean books with something of everything. Each test plants its errors in a transaction of its own, looks from within
/// it, and takes it back.
/// </summary>
public sealed class CheckedBooks : IAsyncLifetime
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public TestDatabase Database { get; } = new();

    public QueuedPayment First { get; } = new("ACC-A", 100_00);

    public QueuedPayment Second { get; } = new("ACC-A", 50_00);

    public QueuedPayment Third { get; } = new("ACC-A", 25_00);

    public QueuedPayment Discrepant { get; } = new("ACC-B", 250_13);

    public QueuedPayment Transfer { get; } = new("ACC-B", 30_00, "USD", "ACC-A");

    public QueuedPayment Failed { get; } = new("ACC-B", -1);

    public QueuedPayment Pending { get; } = new("ACC-B", 1_00);

    public Guid Refund { get; private set; }

    public Guid Deposit { get; private set; }

    public Guid Conversion { get; private set; }

    public Guid Reserved { get; private set; }

    public Guid PaidOut { get; private set; }

    public Guid Released { get; private set; }

    /// <summary>Every check that needs the database alone.</summary>
    internal static IReadOnlyList<IReconciliationCheck> Checks { get; } =
        CheckServices.OfBooks(CheckPace.Hurried, TimeProvider.System);

    public async ValueTask InitializeAsync()
    {
        await Database.InitializeAsync();
        await using var worker = new TestWorker(Database);
        foreach (var payment in (QueuedPayment[])[First, Second, Third, Discrepant, Transfer, Failed])
        {
            await Database.QueueAsync(payment);
            await worker.SettleAllAsync(Cancel);
        }

        var refund = new QueuedRefund(First, 10_00);
        Refund = refund.Id;
        await Database.QueueAsync(refund);
        await worker.SettleAllAsync(Cancel);
        await Database.QueueAsync(Pending);

        Deposit = await Database.DepositAsync("ACC-A", 500_000_000, Cancel);
        Conversion = await Database.ConvertAsync("ACC-A", 100_000_000, 99_50, Cancel);
        Reserved = await Database.WithdrawAsync("ACC-A", 5_00, "reserved", Cancel);
        PaidOut = await Database.WithdrawAsync("ACC-A", 6_00, "completed", Cancel);
        Released = await Database.WithdrawAsync("ACC-A", 7_00, "failed", Cancel);

        // Long ago, so that what providers told since is compared with how the books stand now.
        await Database.ExecuteAsync("""
            SET session_replication_role = replica;
            UPDATE ledger_entries SET created_at = created_at - interval '1 hour';
            RESET session_replication_role
            """);
    }

    public ValueTask DisposeAsync() => Database.DisposeAsync();

    /// <summary>Plants an error as a superuser without triggers, checks, and takes it back.</summary>
    /// <returns>The result of each check by its type.</returns>
    internal async Task<IReadOnlyDictionary<string, CheckResult>> ResultsAsync(string error, object? parameters = null)
    {
        await using var connection = await Database.Superuser.OpenConnectionAsync(Cancel);
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, Cancel);
        await connection.ExecuteAsync("SET LOCAL session_replication_role = replica");
        await connection.ExecuteAsync(error, parameters ?? this);
        return await CheckAsync(connection, Cancel);
    }

    /// <summary>What is found then: the check, a colon and the break's key without ids of rows that vary.</summary>
    internal async Task<IReadOnlyList<string>> FindAsync(string error, object? parameters = null)
    {
        var results = await ResultsAsync(error, parameters);
        var names = (await Database.QueryAsync<(long Id, string Name)>("SELECT id, name FROM accounts"))
            .ToDictionary(account => account.Id, account => account.Name);
        var found = results.SelectMany(result => result.Value.Breaks.Select(one => Text(result.Key, one, names)));
        return [.. found.Order(StringComparer.Ordinal)];
    }

    internal static async Task<IReadOnlyDictionary<string, CheckResult>> CheckAsync(
        NpgsqlConnection connection, CancellationToken cancel)
    {
        var results = new Dictionary<string, CheckResult>();
        foreach (var check in Checks)
        {
            results.Add(check.CheckType, await check.RunAsync(connection, cancel));
        }

        return results;
    }

    private static string Text(string check, Break found, Dictionary<long, string> names)
    {
        var account = found.AccountName ?? (found.AccountId is { } id ? names.GetValueOrDefault(id) : null) ?? "";
        account = account.StartsWith("clearing/", StringComparison.Ordinal) ? "clearing" : account;
        string?[] parts =
        [
            check + ":", found.Kind, account, Number(found.Position), found.Currency, Number(found.Expected), "->",
            Number(found.Actual),
        ];
        return string.Join(' ', parts.Where(part => !string.IsNullOrEmpty(part)));
    }

    private static string? Number(decimal? value) => value?.ToString("0", CultureInfo.InvariantCulture);
}

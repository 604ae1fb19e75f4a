using Payments.Testing;
using Recon.Worker.Reconciliation;

namespace Recon.Worker.Tests.Reconciliation;

public sealed class VerifyBooksCommandTests(CheckedBooks books) : IClassFixture<CheckedBooks>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Books_that_are_right_are_proven_by_one_line_for_each_check_and_nothing_is_written()
    {
        var before = await WrittenAsync();

        var (code, text) = await RunAsync(books.Database);

        Assert.Equal(
            [
                "✅ ledger_consistency passed,", "✅ account_balance passed,", "✅ deposits passed,",
                "✅ conversion_jobs passed,", "✅ withdrawals passed,", "✅ audit_trail intact,",
                "✅ THE BOOKS",
            ],
            text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(FirstWords));
        Assert.Equal(0, code);
        Assert.Equal(before, await WrittenAsync());
    }

    [Fact]
    public async Task A_wrong_balance_and_a_damaged_audit_trail_are_both_named()
    {
        await using var database = await SettledAsync();
        await database.ExecuteAsync("""
            UPDATE accounts SET balance = balance + 1 WHERE name = 'ACC-A';
            SET session_replication_role = replica;
            INSERT INTO audit_unsealed (event_id) VALUES (gen_random_uuid());
            RESET session_replication_role
            """);

        var (code, text) = await RunAsync(database);

        Assert.Equal(1, code);
        Assert.Contains("✅ ledger_consistency", text, StringComparison.Ordinal);
        Assert.Contains("❌ account_balance    failed", text, StringComparison.Ordinal);
        Assert.Contains("The row of ACC-A says 1.01 USD", text, StringComparison.Ordinal);
        Assert.Contains("❌ audit_trail        deleted at 1", text, StringComparison.Ordinal);
        Assert.EndsWith("❌ THE BOOKS ARE NOT RIGHT\n", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(
        "DELETE FROM schema_migrations WHERE number = (SELECT max(number) FROM schema_migrations)", "migrate first")]
    [InlineData(
        "INSERT INTO schema_migrations (number, name, hash) VALUES (9999, 'later', '')",
        "take the program of that version")]
    public async Task Books_of_another_version_are_not_checked(string change, string said)
    {
        await using var database = await SettledAsync();
        await database.ExecuteAsync(change);

        var (code, text) = await RunAsync(database);

        Assert.Equal(1, code);
        Assert.Contains(said, text, StringComparison.Ordinal);
        Assert.DoesNotContain("ledger_consistency", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ConnectionStrings:payments", "--ConnectionStrings:payments=")]
    [InlineData("cannot tell", "--ConnectionStrings:payments=Host=127.0.0.1;Port=1;Username=x;Password=x")]
    [InlineData("Audit:VerifyKeyFile", "--Audit:CheckpointDirectory=somewhere")]
    public async Task What_it_lacks_is_said(string said, string setting)
    {
        var (code, text) = await RunAsync(books.Database, setting);

        Assert.Equal(1, code);
        Assert.Contains(said, text, StringComparison.Ordinal);
    }

    private static async Task<TestDatabase> SettledAsync()
    {
        var database = new TestDatabase();
        await database.InitializeAsync();
        await database.QueueAsync(new QueuedPayment("ACC-A", 1_00));
        await using var worker = new TestWorker(database);
        await worker.SettleAllAsync(Cancel);
        return database;
    }

    private static async Task<(int Code, string Text)> RunAsync(TestDatabase database, params string[] settings)
    {
        await using var output = new StringWriter();
        var code = await VerifyBooksCommand.RunAsync(
            [
                VerifyBooksCommand.Name, "--environment=Production",
                $"--ConnectionStrings:payments={database.AppConnectionString}", .. settings,
            ],
            output);
        return (code, output.ToString());
    }

    private static string FirstWords(string line) =>
        string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Take(3));

    // Where a run leaves what it did and found, and whom it tells.
    private Task<string> WrittenAsync() => books.Database.ScalarAsync<string>("""
        SELECT concat_ws(' ',
            (SELECT count(*) FROM reconciliation_reports), (SELECT count(*) FROM reconciliation_checks),
            (SELECT count(*) FROM reconciliation_exceptions), (SELECT count(*) FROM webhook_events),
            (SELECT count(*) FROM duties), (SELECT count(*) FROM audit_events), (SELECT count(*) FROM audit_chain))
        """);
}

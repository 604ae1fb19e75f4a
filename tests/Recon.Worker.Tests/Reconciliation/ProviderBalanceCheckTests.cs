using System.Data;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Payments.Ledger.Providers;
using Payments.Testing;
using Recon.Worker.Duties;
using Recon.Worker.Providers;
using Recon.Worker.Reconciliation;
using Recon.Worker.Reconciliation.Checks;

namespace Recon.Worker.Tests.Reconciliation;

/// <summary>What providers hold against the accounts that mirror it: 400.00 USDC, and 99.50 - 6.00 USD.</summary>
public sealed class ProviderBalanceCheckTests(CheckedBooks books) : IClassFixture<CheckedBooks>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("circle", 400_000_000, true)]
    [InlineData("circle", 410_000_000, true)]
    [InlineData("circle", 410_010_000, false)]
    [InlineData("circle", 390_000_000, true)]
    [InlineData("circle", 389_990_000, false)]
    [InlineData("alpaca", 193_50, true)]
    [InlineData("alpaca", 193_51, false)]
    [InlineData("alpaca", -6_50, true)]
    [InlineData("alpaca", -6_51, false)]
    public async Task A_difference_up_to_the_tolerance_passes_and_is_in_the_total(
        string name, long minor, bool passes)
    {
        var result = await CheckAsync(name, new Answer(minor, TimeSpan.Zero));

        var total = Assert.Single(result.Totals);
        Assert.Equal(name == "circle" ? 400_000_000 : 93_50, total.Expected);
        Assert.Equal(minor, total.Actual);
        Assert.Null(result.Inconclusive);
        Assert.Equal(passes, result.Breaks.Count == 0);
    }

    [Fact]
    public async Task A_shifted_balance_is_a_break_that_names_both_amounts()
    {
        var found = Assert.Single((await CheckAsync("circle", new Answer(389_990_000.00m, TimeSpan.Zero))).Breaks);

        Assert.Equal("balance_mismatch/circle", found.Key);
        Assert.Equal(("balance_mismatch", "medium"), (found.Kind, found.Severity));
        Assert.Equal(-10_010_000, found.Difference);
        Assert.Equal("389990000", found.Actual?.ToString(CultureInfo.InvariantCulture));
        Assert.Equal(
            "Circle holds 389.990000 USDC, but by usdc_buffer it should be 400.000000 USDC: -10.010000 USDC, more than "
            + "the tolerance of 10.000000 USDC.",
            found.Description);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(600)]
    public async Task A_silent_or_stale_provider_is_inconclusive_and_after_its_time_a_break_of_its_own(int? ageSeconds)
    {
        var answer = ageSeconds is { } age ? new Answer(1, TimeSpan.FromSeconds(age)) : null;
        var atFirst = await CheckAsync("circle", answer);
        await books.Database.ExecuteAsync(
            "UPDATE provider_balances SET inconclusive_since = inconclusive_since - interval '61 minutes'");
        var later = await CheckAsync("circle", answer);
        await books.Database.ExecuteAsync("DELETE FROM provider_balances");

        Assert.NotNull(atFirst.Inconclusive);
        Assert.Empty(atFirst.Breaks);
        Assert.Empty(atFirst.Totals);
        Assert.NotNull(later.Inconclusive);
        var found = Assert.Single(later.Breaks);
        Assert.Equal(("provider_silent/circle", "high"), (found.Key, found.Severity));
        Assert.Null(found.Difference);
    }

    [Fact]
    public async Task A_provider_that_is_not_configured_is_inconclusive_and_never_a_break()
    {
        var result = await CheckAsync("alpaca", null, isConfigured: false);

        Assert.NotNull(result.Inconclusive);
        Assert.Empty(result.Breaks);
    }

    [Fact]
    public async Task What_the_books_moved_since_the_providers_answer_is_no_break()
    {
        var database = new TestDatabase();
        await database.InitializeAsync();
        try
        {
            await database.DepositAsync("ACC", 50_000_000, Cancel);
            await database.ExecuteAsync("""
                SET session_replication_role = replica;
                UPDATE ledger_entries SET created_at = created_at - interval '1 hour'
                """);
            await database.DepositAsync("ACC", 70_000_000, Cancel);

            var before = await CheckAsync("circle", new Answer(50_000_000, TimeSpan.FromMinutes(1)), on: database);
            var after = await CheckAsync("circle", new Answer(120_000_000, TimeSpan.FromMinutes(1)), on: database);
            var never = await CheckAsync("circle", new Answer(80_000_000, TimeSpan.FromMinutes(1)), on: database);

            Assert.Empty(before.Breaks);
            Assert.Empty(after.Breaks);
            Assert.Equal(30_000_000, Assert.Single(never.Breaks).Difference);
        }
        finally
        {
            await database.DisposeAsync();
        }
    }

    private async Task<CheckResult> CheckAsync(
        string name, Answer? answer, bool isConfigured = true, TestDatabase? on = null)
    {
        Assert.True(Provider.TryGet(name, out var provider));
        var database = on ?? books.Database;
        var policy = Options.Create(new ProviderPolicy());
        await using var sessions = DutySessions.Create(database.AppConnectionString, _ => { });
        var read = new ReadProviderBalance(
            [new ScriptedProvider(provider, answer, isConfigured)], sessions, policy, TimeProvider.System,
            NullLogger<ReadProviderBalance>.Instance);
        var check = new ProviderBalanceCheck(provider, read, policy, TimeProvider.System);
        await using var connection = await database.App.OpenConnectionAsync(Cancel);
        await using var snapshot = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, Cancel);
        return await check.RunAsync(connection, Cancel);
    }

    private sealed record Answer(decimal Minor, TimeSpan Age);

    private sealed class ScriptedProvider(Provider provider, Answer? answer, bool isConfigured) : IProviderBalances
    {
        public Provider Provider => provider;

        public bool IsConfigured => isConfigured;

        public Task<ProviderTotal> ReadTotalAsync(CancellationToken cancel) => answer is null
            ? throw new ProviderFailedException("It does not answer.")
            : Task.FromResult(new ProviderTotal(answer.Minor, TimeProvider.System.GetUtcNow() - answer.Age));
    }
}

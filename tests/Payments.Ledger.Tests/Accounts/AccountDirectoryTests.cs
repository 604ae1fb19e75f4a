using Payments.Ledger.Accounts;
using Payments.Testing;

namespace Payments.Ledger.Tests.Accounts;

public sealed class AccountDirectoryTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Directories_racing_to_open_the_same_accounts_agree_on_their_ids()
    {
        var keys = Enumerable.Range(0, 50).Select(i => new AccountKey($"RACE-{i}", "USD")).ToList();

        var found = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() =>
            new AccountDirectory(database.App).FindOrOpenAsync(
                keys.OrderBy(key => (key.Name.GetHashCode(StringComparison.Ordinal) * i) % 97).ToHashSet(), Cancel))));

        Assert.Equal(50, await database.ScalarAsync<long>("SELECT count(*) FROM accounts WHERE name LIKE 'RACE-%'"));
        Assert.All(found, ids => Assert.Equal(found[0].OrderBy(id => id.Value), ids.OrderBy(id => id.Value)));
    }

    [Fact]
    public async Task What_is_forgotten_while_an_account_is_being_opened_is_found_all_the_same()
    {
        var directory = new AccountDirectory(database.App);
        var known = new AccountKey("ACC-KNOWN", "USD");
        var waited = new AccountKey("ACC-WAITED", "USD");
        await directory.FindOrOpenAsync(new HashSet<AccountKey> { known }, Cancel);
        await using var other = await database.App.OpenConnectionAsync(Cancel);
        await using var transaction = await other.BeginTransactionAsync(Cancel);
        await AccountDirectory.FindOrOpenAsync(other, [waited], Cancel);

        var finding = directory.FindOrOpenAsync(new HashSet<AccountKey> { known, waited }, Cancel);
        await database.UntilAsync(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND locktype = 'transactionid')", Cancel);
        directory.Forget();
        await transaction.CommitAsync(Cancel);

        Assert.Equal([known, waited], (await finding).Keys.OrderBy(key => key.Name));
    }

    [Fact]
    public async Task A_clearing_account_is_opened_as_a_system_account_with_a_debit_balance()
    {
        var keys = new HashSet<AccountKey> { new("clearing/07", "EUR") };

        await new AccountDirectory(database.App).FindOrOpenAsync(keys, Cancel);

        Assert.Equal((true, "debit"), Assert.Single(await database.QueryAsync<(bool, string)>(
            "SELECT system, normal_balance FROM accounts WHERE name = 'clearing/07'")));
    }
}

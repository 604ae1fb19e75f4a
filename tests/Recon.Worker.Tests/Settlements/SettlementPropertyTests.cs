using FsCheck;
using FsCheck.Fluent;
using Payments.Testing;

namespace Recon.Worker.Tests.Settlements;

/// <summary>Any sequence of payments on few accounts, settled by several workers, against a ledger in memory.</summary>
public sealed class SettlementPropertyTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static readonly string[] Accounts = ["A", "B", "C"];
    private static readonly string[] Currencies = ["USD", "JPY", "USDC"];

    private int _case;

    [Fact]
    public void Any_sequence_settled_by_any_workers_leaves_what_the_reference_ledger_says()
    {
        var payment =
            from payee in Gen.Elements(Accounts)
            from payer in Gen.Frequency<string?>((3, Gen.Constant<string?>(null)), (1, Gen.Elements<string?>(Accounts)))
            from currency in Gen.Elements(Currencies)
            from amount in Gen.OneOf(Gen.Choose(-200, 500), Gen.Elements(0, 13, 113, 25_013), Gen.Choose(1, 1_000_000))
            select (payee, payer: payer == payee || amount <= 0 ? null : payer, currency, amount: (long)amount);
        var sequence =
            from payments in payment.ListOf(120)
            from workers in Gen.Choose(1, 4)
            from batchSize in Gen.Choose(1, 60)
            select (payments: payments.ToList(), workers, batchSize);

        Prop.ForAll(sequence.ToArbitrary(), drawn => Holds(drawn.payments, drawn.workers, drawn.batchSize))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(15));
    }

    private bool Holds(
        List<(string Payee, string? Payer, string Currency, long Amount)> drawn, int workers, int batchSize) =>
        HoldsAsync(drawn, workers, batchSize).GetAwaiter().GetResult();

    private async Task<bool> HoldsAsync(
        List<(string Payee, string? Payer, string Currency, long Amount)> drawn, int workers, int batchSize)
    {
        // Names of their own for each case, so that cases need not be cleaned up.
        var prefix = $"case{_case++}-";
        var payments = drawn
            .Select(p => new QueuedPayment(
                prefix + p.Payee, p.Amount, p.Currency, p.Payer is null ? null : prefix + p.Payer))
            .ToList();
        await database.QueueAsync(payments);
        await TestWorker.RaceAsync(database, workers, _ => batchSize, TestContext.Current.CancellationToken);

        var reference = new ReferenceLedger();
        payments.ForEach(reference.Settle);

        var like = prefix + "%";
        Assert.Equal(
            reference.Balances
                .OrderBy(account => account.Key)
                .Select(account => (account.Key.Name, account.Key.Currency, account.Value)),
            (await database.QueryAsync<(string Name, string Currency, long Balance)>(
                "SELECT name, currency, balance FROM accounts WHERE name LIKE @like", new { like })).Order());
        Assert.Equal(
            reference.Statuses.OrderBy(status => status.Key).Select(status => (status.Key, status.Value)),
            (await database.QueryAsync<(Guid Id, string Status)>(
                "SELECT id, status FROM payments WHERE payee_account LIKE @like", new { like })).Order());
        await Books.ShouldBeRightAsync(database);
        return true;
    }

    // The rules once more, as plainly as can be, so that both would have to be wrong in the same way.
    private sealed class ReferenceLedger
    {
        public Dictionary<(string Name, string Currency), long> Balances { get; } = [];

        public Dictionary<Guid, string> Statuses { get; } = [];

        public void Settle(QueuedPayment payment)
        {
            Move(payment.Payee, payment.Currency, 0);
            if (payment.Payer is not null)
            {
                Move(payment.Payer, payment.Currency, 0);
            }

            if (payment.Amount <= 0)
            {
                Statuses[payment.Id] = "failed";
                return;
            }

            Statuses[payment.Id] = payment.Currency == "USD" && payment.Amount % 100 == 13
                ? "completed_with_discrepancy"
                : "completed";
            Move(payment.Payee, payment.Currency, payment.Amount);
            if (payment.Payer is not null)
            {
                Move(payment.Payer, payment.Currency, -payment.Amount);
            }
        }

        private void Move(string name, string currency, long amount) =>
            Balances[(name, currency)] = Balances.GetValueOrDefault((name, currency)) + amount;
    }
}

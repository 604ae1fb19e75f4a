using FsCheck;
using FsCheck.Fluent;
using Payments.Testing;

namespace Recon.Worker.Tests.Settlements;

/// <summary>
/// Any sequence of payments and transfers among accounts of which some have a minimum balance: chains in one batch,
/// two divisions that meet at one payer, workers that race.
/// </summary>
public sealed class MinimumBalancePropertyTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static readonly string[] Names = ["A", "B", "C", "D", "E"];
    private static readonly long?[] Minimums = [null, 0, 0, -300, 150];

    private static readonly Gen<List<Move>> Sequences =
        from moves in (
            from payee in Gen.Choose(0, Names.Length - 1)
            from payer in Gen.Frequency<int?>(
                (1, Gen.Constant<int?>(null)), (3, Gen.Choose(0, Names.Length - 1).Select(i => (int?)i)))
            from amount in Gen.Choose(1, 400)
            select new Move(payee, payer == payee ? null : payer, amount)).ListOf(90)
        select moves.ToList();

    private static int _cases;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void One_batch_decides_as_the_reference_ledger_does_in_the_order_of_arrival() => Prop
        .ForAll(Sequences.ToArbitrary(), moves => DecidesLikeTheReferenceAsync(moves).GetAwaiter().GetResult())
        .Check(Config.QuickThrowOnFailure.WithMaxTest(15));

    [Fact]
    public void No_race_of_workers_breaks_a_minimum_or_fails_what_it_does_not_concern()
    {
        var race =
            from moves in Sequences
            from workers in Gen.Choose(2, 4)
            from batchSize in Gen.Choose(1, 30)
            select (moves, workers, batchSize);

        Prop.ForAll(race.ToArbitrary(), drawn =>
                KeepsEveryMinimumAsync(drawn.moves, drawn.workers, drawn.batchSize).GetAwaiter().GetResult())
            .Check(Config.QuickThrowOnFailure.WithMaxTest(15));
    }

    private async Task<bool> DecidesLikeTheReferenceAsync(List<Move> moves)
    {
        var (prefix, payments) = await QueueAsync(moves);
        await using (var worker = new TestWorker(database))
        {
            await worker.SettleAllAsync(Cancel);
        }

        var reference = new ReferenceLedger();
        var expected = moves.Select(reference.Settle).ToList();

        var found = await StatusesAsync(payments);
        Assert.Equal(expected, payments.Select(payment => found[payment.Id]));
        Assert.Equal(
            reference.Balances,
            (await database.QueryAsync<long>(
                "SELECT balance FROM accounts WHERE name LIKE @like ORDER BY name", new { like = prefix + "%" })));
        await Books.ShouldBeRightAsync(database);
        return true;
    }

    private async Task<bool> KeepsEveryMinimumAsync(List<Move> moves, int workers, int batchSize)
    {
        var (prefix, payments) = await QueueAsync(moves);

        await TestWorker.RaceAsync(database, workers, _ => batchSize, Cancel);

        Assert.Empty(await database.QueryAsync<string>("""
            SELECT format('%s took %s and went to %s', a.name, e.amount, e.balance_after)
            FROM accounts AS a JOIN ledger_entries AS e ON e.account_id = a.id
            WHERE a.name LIKE @like AND e.amount < 0 AND e.balance_after < a.minimum_balance
            """, new { like = prefix + "%" }));
        var found = await StatusesAsync(payments);
        Assert.All(moves.Zip(payments), pair => Assert.True(
            found[pair.Second.Id] == "completed"
            || (found[pair.Second.Id] == "failed insufficient_funds" && pair.First.PayersMinimum is not null)));
        Assert.Equal(0, await database.ScalarAsync<long>("SELECT count(*) FROM recon_jobs WHERE failures > 0"));
        await Books.ShouldBeRightAsync(database);
        return true;
    }

    // Names of their own for each case, so that cases need not be cleaned up.
    private async Task<(string Prefix, List<QueuedPayment> Payments)> QueueAsync(List<Move> moves)
    {
        var prefix = $"minimum{_cases++}-";
        await database.ExecuteAsync(
            """
            INSERT INTO accounts (name, currency, minimum_balance)
            SELECT name, currency, minimum FROM unnest(@names, @currencies, @minimums) AS n (name, currency, minimum)
            """,
            new
            {
                names = Names.Select(name => prefix + name).ToArray(),
                currencies = Names.Select(_ => "JPY").ToArray(),
                minimums = Minimums,
            });
        var payments = moves.ConvertAll(move => new QueuedPayment(
            prefix + Names[move.Payee], move.Amount, "JPY", move.Payer is { } payer ? prefix + Names[payer] : null)
        {
            PayerHasMinimum = move.PayersMinimum is not null,
        });
        await database.QueueAsync(payments);
        return (prefix, payments);
    }

    private async Task<Dictionary<Guid, string>> StatusesAsync(List<QueuedPayment> payments) =>
        (await database.QueryAsync<(Guid Id, string Status)>(
            "SELECT id, concat_ws(' ', status, failure_reason) FROM payments WHERE id = ANY (@ids)",
            new { ids = payments.Select(payment => payment.Id).ToArray() }))
        .ToDictionary(row => row.Id, row => row.Status);

    private sealed record Move(int Payee, int? Payer, int Amount)
    {
        public long? PayersMinimum => Payer is { } payer ? Minimums[payer] : null;
    }

    // The rule once more, as plainly as can be: first come, first served.
    private sealed class ReferenceLedger
    {
        public long[] Balances { get; } = new long[Names.Length];

        public string Settle(Move move)
        {
            if (move.Payer is { } payer)
            {
                if (move.PayersMinimum is { } minimum && Balances[payer] - move.Amount < minimum)
                {
                    return "failed insufficient_funds";
                }

                Balances[payer] -= move.Amount;
            }

            Balances[move.Payee] += move.Amount;
            return "completed";
        }
    }
}

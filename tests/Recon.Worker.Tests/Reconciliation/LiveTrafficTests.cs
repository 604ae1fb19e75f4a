using Payments.Testing;
using Recon.Worker.Reconciliation;

namespace Recon.Worker.Tests.Reconciliation;

/// <summary>Settlement, refunds and flows go on while everything is checked, again and again.</summary>
public sealed class LiveTrafficTests(TestDatabase database) : IClassFixture<TestDatabase>, IDisposable
{
    private const int Runs = 200;

    private static readonly string[] Accounts = ["ACC-1", "ACC-2", "ACC-3"];

    // Each run lets each of the three go on by one step, which then happens while it checks.
    private readonly SemaphoreSlim _steps = new(0);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _steps.Dispose();

    [Fact]
    public async Task Clean_books_with_live_traffic_have_no_break_in_200_runs()
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var traffic = new[] { PayAsync(1, ended.Token), PayAsync(2, ended.Token), FlowAsync(ended.Token) };
        var checkedItems = new List<long>();
        try
        {
            for (var run = 0; run < Runs; run++)
            {
                _steps.Release(traffic.Length);
                var results = await CheckAsync();
                Assert.All(results.Values, result => Assert.Empty(result.Breaks.Select(found => found.Description)));
                Assert.All(
                    results.Values.SelectMany(result => result.Totals), total => Assert.Equal(0, total.Difference));
                checkedItems.Add(results.Values.Sum(result => result.ItemsChecked));
                Assert.All(traffic, task => Assert.False(task.IsFaulted, task.Exception?.ToString()));
            }
        }
        finally
        {
            await ended.CancelAsync();
            _steps.Release(traffic.Length);
            await Task.WhenAll(traffic);
        }

        // There was traffic between the runs, or this would have proved nothing.
        Assert.True(checkedItems.Distinct().Count() > Runs / 4, string.Join(' ', checkedItems));
        await Books.ShouldBeRightAsync(database);
    }

    private async Task<IReadOnlyDictionary<string, CheckResult>> CheckAsync()
    {
        await using var connection = await database.App.OpenConnectionAsync(Cancel);
        var results = new Dictionary<string, CheckResult>();
        foreach (var check in CheckedBooks.Checks)
        {
            results.Add(check.CheckType, await CheckTurn.ReadAsync(connection, check, Cancel));
        }

        return results;
    }

    private Task PayAsync(int seed, CancellationToken ended) => Task.Run(async () =>
    {
        var random = new Random(seed);
        await using var worker = new TestWorker(database, options => options.BatchSize = 20);
        var refundable = new Queue<QueuedPayment>();
        while (!ended.IsCancellationRequested)
        {
            await _steps.WaitAsync(Cancel);
            var payments = Enumerable.Range(0, 4).Select(_ => NextPayment(random)).ToList();
            await database.QueueAsync(payments);
            await worker.Pass.RunOnceAsync(CancellationToken.None, Cancel);
            if (refundable.TryDequeue(out var paid) && await IsCompletedAsync(paid))
            {
                await database.QueueAsync(new QueuedRefund(paid, 1));
            }

            refundable.Enqueue(payments[0]);
        }

        await worker.SettleAllAsync(Cancel);
    }, Cancel);

    private static QueuedPayment NextPayment(Random random)
    {
        var payee = random.Next(Accounts.Length);
        return random.Next(4) == 0
            ? new QueuedPayment(Accounts[payee], random.Next(1, 50_00), "USD", Accounts[(payee + 1) % Accounts.Length])
            : new QueuedPayment(Accounts[payee], random.Next(-5, 100_00));
    }

    private Task<bool> IsCompletedAsync(QueuedPayment payment) => database.ScalarAsync<bool>(
        "SELECT status IN ('completed', 'completed_with_discrepancy') FROM payments WHERE id = @Id", payment);

    private Task FlowAsync(CancellationToken ended) => Task.Run(async () =>
    {
        var random = new Random(3);
        string[] ends = ["reserved", "completed", "failed"];
        while (!ended.IsCancellationRequested)
        {
            await _steps.WaitAsync(Cancel);
            var account = Accounts[random.Next(Accounts.Length)];
            await database.DepositAsync(account, random.Next(1, 100_000_000), Cancel);
            await database.ConvertAsync(account, random.Next(1, 1_000_000), random.Next(1, 100), Cancel);
            await database.WithdrawAsync(account, random.Next(1, 1_000), ends[random.Next(ends.Length)], Cancel);
        }
    }, Cancel);
}

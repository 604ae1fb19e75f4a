using System.Collections.Concurrent;
using Payments.Testing;

namespace Recon.Worker.Tests.Restoring;

/// <summary>Payments, transfers and refunds that are made and settled without a pause, until it is disposed.</summary>
internal sealed class PaymentStream : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _stoppingToSettle = new();
    private readonly ConcurrentQueue<Guid> _acknowledged = new();
    private readonly TestDatabase _database;
    private readonly Task _making;
    private readonly Task _settling;
    private int _settled;

    public PaymentStream(TestDatabase database)
    {
        _database = database;
        _making = Task.Run(MakeAsync);
        _settling = Task.Run(SettleAsync);
    }

    /// <summary>Payments whose commit was answered.</summary>
    public Guid[] Acknowledged => [.. _acknowledged];

    /// <summary>Waits until some more were made, and some more batches settled.</summary>
    public async Task GoOnAsync()
    {
        var (made, settled) = (_acknowledged.Count, Volatile.Read(ref _settled));
        await Conditions.UntilAsync(
            () => _making.IsCompleted || _settling.IsCompleted
                || (_acknowledged.Count >= made + 100 && Volatile.Read(ref _settled) >= settled + 5));
    }

    /// <summary>From here on payments are only made.</summary>
    public async Task StopSettlingAsync()
    {
        await _stoppingToSettle.CancelAsync();
        await _settling;
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _stoppingToSettle.CancelAsync();
        await Task.WhenAll(_making, _settling);
        _stopping.Dispose();
        _stoppingToSettle.Dispose();
    }

    private async Task MakeAsync()
    {
        QueuedPayment? refundable = null;
        for (var number = 0; !_stopping.IsCancellationRequested; number++)
        {
            var payments = Enumerable.Range(0, 20)
                .Select(i => new QueuedPayment($"ACC-{(number + i) % 30}", 100_00 + i)).ToList();
            var transfer = new QueuedPayment("ACC-A", 1_00, Payer: "ACC-B");
            await _database.QueueAsync([.. payments, transfer]);
            foreach (var payment in payments.Append(transfer))
            {
                _acknowledged.Enqueue(payment.Id);
            }

            refundable ??= payments[0];
            if (await _database.ScalarAsync<bool>(
                "SELECT status = 'completed' FROM payments WHERE id = @Id", refundable))
            {
                await _database.QueueAsync(new QueuedRefund(refundable, 5_00));
                refundable = null;
            }
        }
    }

    // A short lease: what is under way when the backup ends is due again soon on the restored server.
    private async Task SettleAsync()
    {
        await using var worker = new TestWorker(
            _database, options => (options.BatchSize, options.LeaseSeconds) = (15, 3));
        while (!_stoppingToSettle.IsCancellationRequested)
        {
            await worker.Pass.RunOnceAsync(CancellationToken.None, CancellationToken.None);
            Interlocked.Increment(ref _settled);
        }
    }
}

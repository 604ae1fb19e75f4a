using System.ComponentModel.DataAnnotations;
using System.Threading.Channels;
using Microsoft.Extensions.Options;
using Payments.Api.Events;
using Payments.Ledger.Jobs;

namespace Payments.Api.Payments;

/// <summary>Limits of the intake; section <c>Intake</c> of the configuration.</summary>
internal sealed class IntakeOptions
{
    public const string Section = "Intake";

    /// <summary>Most payments in one transaction.</summary>
    [Range(1, 10_000)]
    public int BatchLimit { get; set; } = 2_000;

    /// <summary>Most payments that wait for a transaction; one more is answered 503.</summary>
    [Range(1, 1_000_000)]
    public int QueueLimit { get; set; } = 10_000;

    /// <summary>How long a batch waits for a key that another process has inserted and not committed.</summary>
    [Range(1, 10_000)]
    public int KeyWaitMilliseconds { get; set; } = 200;
}

/// <summary>
/// Group commit without a timer: one writer per process. While a transaction is being committed, arriving payments
/// gather; when it returns, all that gathered go together. A lone payment goes at once. Nobody is answered before the
/// commit that holds its payment, and a caller that hangs up takes nothing back.
/// </summary>
internal sealed class PaymentIntake(
    CommitPayments commit,
    Notifier workers,
    ChangeFeed changes,
    IOptions<IntakeOptions> options,
    ILogger<PaymentIntake> logger) : IHostedService, IAsyncDisposable
{
    private readonly int _batchLimit = options.Value.BatchLimit;

    private readonly Channel<IntakeItem> _queue = Channel.CreateBounded<IntakeItem>(
        new BoundedChannelOptions(options.Value.QueueLimit) { SingleReader = true });

    private readonly Dictionary<(int OwnerId, string Key, bool IsTransfer), IntakeItem> _leaders = [];

    private Task _writer = Task.CompletedTask;

    /// <summary>Ends when the payment is committed, found to exist already, or refused.</summary>
    public Task<IntakeResult> AddAsync(in NewPayment payment)
    {
        var item = new IntakeItem(payment);
        return _queue.Writer.TryWrite(item) ? item.Result : Task.FromResult(IntakeResult.Overloaded);
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        // Started without the caller's context, so that no request's or host's activity becomes every batch's parent.
        using (ExecutionContext.SuppressFlow())
        {
            _writer = Task.Run(WriteBatchesAsync, CancellationToken.None);
        }

        return Task.CompletedTask;
    }

    /// <summary>The server has stopped taking requests by now; what waits is still committed.</summary>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        _queue.Writer.TryComplete();
        return _writer.WaitAsync(cancellationToken);
    }

    public ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        return commit.DisposeAsync();
    }

    private async Task WriteBatchesAsync()
    {
        var batch = new List<IntakeItem>();
        while (await _queue.Reader.WaitToReadAsync())
        {
            while (batch.Count < _batchLimit && _queue.Reader.TryRead(out var item))
            {
                batch.Add(item);
            }

            await WriteAsync(batch);
            batch.Clear();
        }
    }

    private async Task WriteAsync(List<IntakeItem> batch)
    {
        try
        {
            // Usually once. A payment that the database refused leaves those who waited for its key: they go next.
            var waiting = batch;
            while (waiting.Count > 0)
            {
                waiting = await commit.ExecuteAsync(SeparateEqualKeys(waiting));
            }

            workers.Signal();
            changes.Publish(Change.Payments | Change.Accounts);
        }
        catch (Exception e)
        {
            // The writer serves every later request: whatever one batch ran into must not end it.
            logger.LogError(e, "A batch of {Payments} payments could not be written", batch.Count);
            foreach (var item in batch)
            {
                item.Fail(e);
            }
        }
    }

    /// <summary>
    /// The first of each key; the others wait for it, because one statement cannot insert a key twice.
    /// </summary>
    private List<IntakeItem> SeparateEqualKeys(List<IntakeItem> batch)
    {
        if (batch.Count == 1)
        {
            return batch;
        }

        var leaders = new List<IntakeItem>(batch.Count);
        foreach (var item in batch)
        {
            ref readonly var payment = ref item.Payment;
            var key = (payment.OwnerId, payment.IdempotencyKey, payment.PayerAccount is not null);
            if (_leaders.TryAdd(key, item))
            {
                leaders.Add(item);
            }
            else
            {
                _leaders[key].AddFollower(item);
            }
        }

        _leaders.Clear();
        return leaders;
    }
}

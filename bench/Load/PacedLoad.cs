using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Payments.Bench.Measuring;

namespace Payments.Bench.Load;

/// <summary>
/// Sends requests at fixed moments, whether or not the earlier ones are answered. Latencies count from the moment at
/// which a request was due, so that a server which stalls is charged for all that had to wait meanwhile.
/// </summary>
/// <param name="connections">
/// Most requests in flight; one that finds none free is late, and its latency says so.
/// </param>
internal sealed class PacedLoad(IPEndPoint server, IRequests requests, int connections, double perSecond)
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);
    private static readonly TimeProvider Clock = TimeProvider.System;

    // Numbers of the requests that are due and have found no connection yet.
    private readonly Channel<long> _due = Channel.CreateUnbounded<long>(
        new UnboundedChannelOptions { SingleWriter = true });

    private long _answered;
    private long _started;

    /// <summary>When request 0 was due, by this machine's clock.</summary>
    public DateTimeOffset Begin { get; private set; }

    public long Answered => Interlocked.Read(ref _answered);

    /// <summary>When a request was due, since the begin.</summary>
    public TimeSpan DueAt(long number) => TimeSpan.FromSeconds(number / perSecond);

    /// <summary>Sends for <paramref name="length"/>, and waits until everything sent is answered.</summary>
    /// <returns>The latencies of the answers, by number of the request.</returns>
    /// <exception cref="VoidRunException">A request failed, or the rate could not be kept.</exception>
    public async Task<TimeSpan[]> RunAsync(TimeSpan length, CancellationToken cancel)
    {
        var total = (long)(length.TotalSeconds * perSecond);
        var latencies = new TimeSpan[total];
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Begin = Clock.GetUtcNow();
        _started = Clock.GetTimestamp();
        var workers = Enumerable.Range(0, connections)
            .Select(_ => Task.Run(() => WorkAsync(latencies, failed), failed.Token))
            .ToArray();
        var ended = failed.Token;
        new Thread(() => Pace(total, ended)) { IsBackground = true, Name = "pace" }.Start();
        try
        {
            await Task.WhenAll(workers);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw workers.Select(worker => worker.Exception?.InnerException).OfType<VoidRunException>().FirstOrDefault()
                ?? new VoidRunException("the load was ended by a failure");
        }

        return Clock.GetElapsedTime(_started) < length + Grace
            ? latencies
            : throw new VoidRunException(
                FormattableString.Invariant($"{perSecond:0} requests a second could not be sent and answered"));
    }

    // On a thread of its own: one that sleeps for each of its requests belongs to nobody else.
    private void Pace(long total, CancellationToken ended)
    {
        for (var number = 0L; number < total && !ended.IsCancellationRequested; number++)
        {
            while (DueAt(number) - Clock.GetElapsedTime(_started) is var wait && wait > TimeSpan.Zero)
            {
                PreciseSleep.For(wait);
            }

            _due.Writer.TryWrite(number);
        }

        _due.Writer.TryComplete();
    }

    private async Task WorkAsync(TimeSpan[] latencies, CancellationTokenSource failed)
    {
        using var connection = new HttpConnection(server, requests.MostBytes);
        try
        {
            await connection.ConnectAsync(failed.Token);
            await foreach (var number in _due.Reader.ReadAllAsync(failed.Token))
            {
                var requestLength = requests.Write(number, connection.Request.Span);
                var status = await connection.ExchangeAsync(requestLength, failed.Token);
                latencies[number] = Clock.GetElapsedTime(_started) - DueAt(number);
                if (status != requests.ExpectedStatus)
                {
                    throw new VoidRunException(FormattableString.Invariant(
                        $"request {number} was answered {status}: {connection.LastAnswer}"));
                }

                Interlocked.Increment(ref _answered);
            }
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            await failed.CancelAsync();
            throw new VoidRunException("a request was not answered: " + e.Message);
        }
        catch (VoidRunException)
        {
            await failed.CancelAsync();
            throw;
        }
    }
}

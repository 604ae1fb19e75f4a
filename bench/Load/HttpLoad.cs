using System.Net;
using System.Net.Sockets;
using Payments.Bench.Measuring;

namespace Payments.Bench.Load;

/// <summary>What a load did within its window.</summary>
/// <param name="Answered">Requests answered as expected within the window.</param>
/// <param name="Created">Requests answered as expected at all, the warm-up included.</param>
/// <param name="Latencies">Of the requests that were sent, or due, within the window.</param>
internal sealed record LoadResult(long Answered, long Created, TimeSpan Window, Latencies Latencies)
{
    public double PerSecond => Answered / Window.TotalSeconds;
}

/// <summary>
/// Keeps every one of its connections busy with one request after the other. A request that fails makes the run void.
/// </summary>
/// <param name="mayProceed">
/// False makes the connections wait before their next request, so that the load follows what the system can take.
/// </param>
internal sealed class HttpLoad(
    IPEndPoint server, IRequests requests, int connections, Func<bool>? mayProceed = null)
{
    private static readonly TimeSpan HeldBackDelay = TimeSpan.FromMilliseconds(2);
    private static readonly TimeProvider Clock = TimeProvider.System;

    private long _next;
    private long _created;

    /// <summary>Requests answered as expected so far.</summary>
    public long Created => Interlocked.Read(ref _created);

    /// <summary>Warms up, then measures.</summary>
    /// <exception cref="VoidRunException">A request failed.</exception>
    public async Task<LoadResult> RunAsync(TimeSpan warmUp, TimeSpan window, CancellationToken cancel)
    {
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var started = Clock.GetTimestamp();
        var workers = Enumerable.Range(0, connections)
            .Select(_ => Task.Run(() => WorkAsync(started, warmUp, window, failed), failed.Token))
            .ToArray();
        try
        {
            var results = await Task.WhenAll(workers);
            var latencies = new Latencies();
            foreach (var result in results)
            {
                latencies.Add(result.Latencies);
            }

            return new LoadResult(results.Sum(result => result.Answered), Created, window, latencies);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw workers.Select(worker => worker.Exception?.InnerException).OfType<VoidRunException>().FirstOrDefault()
                ?? new VoidRunException("the load was ended by a failure");
        }
    }

    private async Task<(long Answered, Latencies Latencies)> WorkAsync(
        long started, TimeSpan warmUp, TimeSpan window, CancellationTokenSource failed)
    {
        var latencies = new Latencies();
        var answered = 0L;
        using var connection = new HttpConnection(server, requests.MostBytes);
        try
        {
            await connection.ConnectAsync(failed.Token);
            while (Clock.GetElapsedTime(started) is var sent && sent < warmUp + window)
            {
                if (mayProceed?.Invoke() == false)
                {
                    await Task.Delay(HeldBackDelay, failed.Token);
                    continue;
                }

                await SendAsync(connection, failed.Token);
                var ended = Clock.GetElapsedTime(started);
                answered += ended >= warmUp && ended < warmUp + window ? 1 : 0;
                if (sent >= warmUp)
                {
                    latencies.Add(ended - sent);
                }
            }

            return (answered, latencies);
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

    private async ValueTask SendAsync(HttpConnection connection, CancellationToken cancel)
    {
        var number = Interlocked.Increment(ref _next) - 1;
        var length = requests.Write(number, connection.Request.Span);
        var status = await connection.ExchangeAsync(length, cancel);
        if (status != requests.ExpectedStatus)
        {
            throw new VoidRunException(
                FormattableString.Invariant($"request {number} was answered {status}: {connection.LastAnswer}"));
        }

        Interlocked.Increment(ref _created);
    }
}

using System.Net;
using System.Net.Sockets;
using Payments.Bench.Measuring;

namespace Payments.Bench.Load;

/// <summary>
/// Sends requests at fixed moments, whether or not the earlier ones are answered. Latencies count from the moment at
/// which a request was due, so that a server which stalls is charged for all that had to wait meanwhile. Each
/// connection has a thread, which sleeps until a request is due and waits for its answer: what the runtime's pool adds
/// when it hands work from thread to thread, milliseconds now and then, would be charged to the server.
/// </summary>
/// <param name="connections">
/// Most requests in flight; one that finds none free is late, and its latency says so.
/// </param>
internal sealed class PacedLoad(IPEndPoint server, IRequests requests, int connections, double perSecond)
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);
    private static readonly TimeProvider Clock = TimeProvider.System;

    private long _next;
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
        var latencies = new TimeSpan[(long)(length.TotalSeconds * perSecond)];
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var opened = new List<HttpConnection>(connections);
        try
        {
            while (opened.Count < connections)
            {
                opened.Add(new HttpConnection(server, requests.MostBytes));
                opened[^1].Connect();
            }

            Begin = Clock.GetUtcNow();
            _started = Clock.GetTimestamp();
            await CallAsync(opened, latencies, failed);
        }
        catch (SocketException e)
        {
            throw new VoidRunException("the server cannot be reached: " + e.Message);
        }
        finally
        {
            opened.ForEach(connection => connection.Dispose());
        }

        cancel.ThrowIfCancellationRequested();
        return Clock.GetElapsedTime(_started) < length + Grace
            ? latencies
            : throw new VoidRunException(
                FormattableString.Invariant($"{perSecond:0} requests a second could not be sent and answered"));
    }

    private async Task CallAsync(
        List<HttpConnection> opened, TimeSpan[] latencies, CancellationTokenSource failed)
    {
        // Wakes the threads that wait for an answer when there is nothing to wait for any more.
        await using var hangUp = failed.Token.Register(() => opened.ForEach(connection => connection.Dispose()));
        await Task.WhenAll(opened.Select(connection => Task.Factory.StartNew(
            () => Call(connection, latencies, failed),
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)));
    }

    // The first failure is told; the others follow from it.
    private void Call(HttpConnection connection, TimeSpan[] latencies, CancellationTokenSource failed)
    {
        try
        {
            while (Interlocked.Increment(ref _next) - 1 is var number
                && number < latencies.Length
                && WaitFor(DueAt(number), failed.Token))
            {
                Send(number, connection);
                latencies[number] = Clock.GetElapsedTime(_started) - DueAt(number);
                Interlocked.Increment(ref _answered);
            }
        }
        catch (Exception) when (failed.IsCancellationRequested)
        {
            // Hung up on.
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            failed.Cancel();
            throw new VoidRunException("a request was not answered: " + e.Message);
        }
        catch (VoidRunException)
        {
            failed.Cancel();
            throw;
        }
    }

    // False when there is nothing to wait for any more.
    private bool WaitFor(TimeSpan due, CancellationToken ended)
    {
        while (!ended.IsCancellationRequested && due - Clock.GetElapsedTime(_started) is var wait)
        {
            if (wait <= TimeSpan.Zero)
            {
                return true;
            }

            PreciseSleep.For(wait);
        }

        return false;
    }

    private void Send(long number, HttpConnection connection)
    {
        var length = requests.Write(number, connection.Request.Span);
        if (connection.Exchange(length) is var status && status != requests.ExpectedStatus)
        {
            throw new VoidRunException(
                FormattableString.Invariant($"request {number} was answered {status}: {connection.LastAnswer}"));
        }
    }
}

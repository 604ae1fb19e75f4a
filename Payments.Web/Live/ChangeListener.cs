using Payments.ServiceDefaults;

namespace Payments.Web.Live;

/// <summary>
/// Reads the API's event stream for as long as the process lives, and reconnects for ever. While the stream is down
/// it signals a possible change before every new attempt, which is the slow poll that keeps screens moving.
/// </summary>
internal sealed class ChangeListener(
    IHttpClientFactory clients, ChangeFeed feed, TimeProvider clock, ILogger<ChangeListener> log) : BackgroundService
{
    public const string ClientName = "events";

    // The stream carries a comment at least every few seconds; a connection that is silent for this long is dead.
    public static readonly TimeSpan SilenceLimit = TimeSpan.FromSeconds(45);

    public static readonly TimeSpan RetryDelayMin = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan RetryDelayMax = TimeSpan.FromSeconds(15);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var failures = 0;

        while (!stoppingToken.IsCancellationRequested)
        {
            if (await ListenOnceAsync(stoppingToken))
            {
                failures = 0;
            }

            failures++;
            feed.SetLive(false);

            try
            {
                await Task.Delay(RetryDelay(failures), clock, stoppingToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            feed.Publish(Changes.All);
        }
    }

    /// <summary>Delay before the attempt that follows the given number of failures in a row.</summary>
    public static TimeSpan RetryDelay(int failures)
    {
        var doubled = RetryDelayMin * Math.Pow(2, Math.Min(failures - 1, 10));
        return doubled < RetryDelayMax ? doubled : RetryDelayMax;
    }

    /// <summary>Listens until the stream ends; true when there was a stream at all.</summary>
    private async Task<bool> ListenOnceAsync(CancellationToken stop)
    {
        using var silence = new CancellationTokenSource(SilenceLimit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, silence.Token);
        var connected = false;

        try
        {
            using var client = clients.CreateClient(ClientName);
            using var request = new HttpRequestMessage(HttpMethod.Get, "/events");
            request.Headers.Accept.ParseAdd("text/event-stream");
            using var response = await client.SendAsync(
                request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            response.EnsureSuccessStatusCode();

            connected = true;
            feed.SetLive(true);
            // What changed before this stream began was signalled to nobody.
            feed.Publish(Changes.All);

            await ReadAsync(await response.Content.ReadAsStreamAsync(either.Token), silence, either.Token);
            log.LogInformation("The event stream ended; connecting again");
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            log.LogInformation("The event stream is down ({Reason}); connecting again", error.Message);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            log.LogInformation("The event stream was silent for {Limit}; connecting again", SilenceLimit);
        }
        catch (OperationCanceledException)
        {
            // The process is stopping.
        }
        catch (Exception error)
        {
            // Whatever it is, screens without signals still work, and a later attempt may succeed.
            log.LogError(error, "The event stream failed; connecting again");
        }

        return connected;
    }

    // Lines of text/event-stream; an event ends with an empty line, a line that starts with a colon is a comment:
    //   event: payments
    //   data: {"changed":3}
    //
    //   : keep-alive
    private async Task ReadAsync(Stream stream, CancellationTokenSource silence, CancellationToken cancel)
    {
        using var lines = new StreamReader(stream);
        var changes = Changes.None;

        while (await lines.ReadLineAsync(cancel) is { } line)
        {
            silence.CancelAfter(SilenceLimit);

            if (line.Length == 0)
            {
                feed.Publish(changes);
                changes = Changes.None;
            }
            else if (line.StartsWith("event:", StringComparison.Ordinal))
            {
                changes = line.AsSpan("event:".Length).Trim() switch
                {
                    "payments" => Changes.Payments,
                    "accounts" => Changes.Accounts,
                    "flows" => Changes.Flows,
                    "reconciliation" => Changes.Reconciliation,
                    _ => Changes.None,
                };
            }
        }
    }
}

internal static class ChangeFeedRegistration
{
    public static void AddChangeFeed(this IServiceCollection services)
    {
        services.AddSingleton<ChangeFeed>();
        services.AddHostedService<ChangeListener>();
        services
            .AddHttpClient(ChangeListener.ClientName, client =>
            {
                client.BaseAddress = ApiAccess.Address;
                client.Timeout = Timeout.InfiniteTimeSpan;
            })
            .AddHttpMessageHandler<ApiKeyHandler>()
            .WithoutResilience();
    }
}

using System.Threading.Channels;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Payments.Ledger.Jobs;

/// <summary>
/// Sends one <c>NOTIFY</c> for many signals: the first goes out at once, those that come while it is under way or
/// within the pause after it become one more. It has a connection of its own and never belongs to a transaction that
/// writes, because a notifying commit takes a lock that is global to the server.
/// </summary>
/// <remarks>A failure is logged and the signal kept, for when the database answers again.</remarks>
public sealed class Notifier(
    NpgsqlDataSource database, string channel, TimeSpan pause, TimeProvider clock, ILogger<Notifier> logger)
    : BackgroundService
{
    private static readonly TimeSpan ReconnectDelay = TimeSpan.FromSeconds(1);

    // One waiting signal stands for any number.
    private readonly Channel<bool> _signals = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { SingleReader = true, FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Asks for a notification. Never waits, never fails, and may be called from anywhere.</summary>
    public void Signal() => _signals.Writer.TryWrite(true);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await NotifyAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                logger.LogWarning(
                    Database.TraceOf(e), "Channel {Channel} cannot be notified now: {Reason}", channel, e.Message);
                Signal();
                await Task.Delay(ReconnectDelay, clock, stoppingToken)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task NotifyAsync(CancellationToken cancel)
    {
        // Opened for the first signal: a process that has nothing to say needs no connection.
        await _signals.Reader.WaitToReadAsync(cancel);
        await using var connection = await database.OpenConnectionAsync(cancel);

        await using var notify = new NpgsqlCommand(NotifySql, connection)
        {
            Parameters = { new() { Value = channel } },
        };
        await notify.PrepareAsync(cancel);
        while (await _signals.Reader.WaitToReadAsync(cancel))
        {
            _signals.Reader.TryRead(out _);
            await notify.ExecuteNonQueryAsync(cancel);
            await Task.Delay(pause, clock, cancel);
        }
    }

    // A notification that a crash of the server swallows wakes nobody, and nobody is connected then: no need to wait
    // for the disk. For this transaction alone, since the session may write payments later.
    private const string NotifySql = "SELECT set_config('synchronous_commit', 'off', true), pg_notify($1, '')";
}

public static class NotifierServices
{
    /// <summary>Adds the process's notifier, which sends on one channel, at most once a pause.</summary>
    public static void AddNotifier(this IServiceCollection services, string channel, TimeSpan pause)
    {
        services.AddSingleton(provider => new Notifier(
            provider.GetRequiredService<NpgsqlDataSource>(),
            channel,
            pause,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<Notifier>>()));
        services.AddHostedService(provider => provider.GetRequiredService<Notifier>());
    }
}

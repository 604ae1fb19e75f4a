using Dapper;
using Microsoft.Extensions.Options;
using Payments.Ledger;
using Payments.Ledger.Duties;
using Payments.Ledger.Providers;
using Recon.Worker.Duties;

namespace Recon.Worker.Providers;

/// <summary>
/// Keeps what is known of a provider fresh between reconciliation runs. Each provider has one duty, which comes again
/// after every reading for as long as there are workers; it judges nothing and opens no exception.
/// </summary>
internal sealed class RefreshBalances(
    ReadProviderBalance read, DutySessions database, IOptions<ProviderOptions> options, Random random) : IDutyHandler
{
    public const string DutyKind = "provider.refresh";

    // Readings of many systems that were started together drift apart.
    private const double Jitter = 0.1;

    public string Kind => DutyKind;

    // A provider that hangs takes one place of a worker and not all.
    public bool IsLong => true;

    // Nothing that is done every few minutes is worth a trace of its own.
    public bool IsTraced => false;

    // The next reading makes up for any failure, so there is nothing to bury.
    public int FailureLimit => int.MaxValue;

    public static NewDuty DutyOf(Provider provider, TimeProvider clock) =>
        new(TimeOrderedId.New(clock.GetUtcNow()), DutyKind, new Work(provider.Name))
        {
            Name = $"{DutyKind}/{provider.Name}",
        };

    public async Task<DutyOutcome> RunAsync(Duty duty, CancellationToken cancel)
    {
        if (Provider.TryGet(duty.Read<Work>().Provider, out var provider))
        {
            await read.ExecuteAsync(provider, cancel);
            await TellScreensAsync(cancel);
        }

        return DutyOutcome.Later(options.Value.RefreshInterval * (1 + (Jitter * ((2 * random.NextDouble()) - 1))));
    }

    private async Task TellScreensAsync(CancellationToken cancel)
    {
        await using var connection = await database.OpenAsync(cancel);
        await connection.ExecuteAsync(new CommandDefinition(
            "SELECT pg_notify(@channel, '')", new { channel = Database.ReconciliationChannel },
            cancellationToken: cancel));
    }

    private sealed record Work(string Provider);
}

/// <summary>
/// Adds the duty of each configured provider when a worker starts: one, however many start.
/// </summary>
internal sealed class SeedRefreshDuties(
    IEnumerable<IProviderBalances> providers, DutySessions database, TimeProvider clock,
    ILogger<SeedRefreshDuties> logger) : BackgroundService
{
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(5);

    // The process comes up without the database too, so this waits for it.
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await RunOnceAsync(stoppingToken);
                return;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                logger.LogWarning(
                    Database.TraceOf(e), "Providers are not read until the database answers: {Reason}", e.Message);
                await Task.Delay(Retry, clock, stoppingToken)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    public async Task RunOnceAsync(CancellationToken cancel)
    {
        await using var connection = await database.OpenAsync(cancel);
        foreach (var provider in providers.Where(one => one.IsConfigured).Select(one => one.Provider))
        {
            await DutyTable.AddAsync(connection, RefreshBalances.DutyOf(provider, clock), cancel);
        }
    }
}

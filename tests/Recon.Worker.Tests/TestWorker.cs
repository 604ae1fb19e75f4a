using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Payments.Ledger.Accounts;
using Payments.Testing;
using Recon.Worker.Jobs;
using Recon.Worker.Settlements;

namespace Recon.Worker.Tests;

/// <summary>
/// A worker of the product with its own sessions, driven one pass at a time. Several of them on one database are what
/// several processes would be.
/// </summary>
internal sealed class TestWorker : IAsyncDisposable
{
    private readonly WorkerTelemetry _telemetry;

    /// <param name="alone">
    /// All of it goes through one session, whose commits wait for the disk: the tests' server does without that.
    /// </param>
    public TestWorker(TestDatabase database, Action<WorkerOptions>? configure = null, bool alone = false)
    {
        var clock = TimeProvider.System;
        Options = new WorkerOptions { PollSeconds = 0.05 };
        configure?.Invoke(Options);
        Identity = WorkerIdentity.Create(clock);
        var source = new NpgsqlDataSourceBuilder(database.AppConnectionString)
        {
            ConnectionStringBuilder = { ApplicationName = Identity.Id },
        };
        Options.ApplyTo(source.ConnectionStringBuilder);
        if (alone)
        {
            source.ConnectionStringBuilder.MaxPoolSize = 1;
            source.ConnectionStringBuilder.Options += " -c synchronous_commit=on";
        }

        Sessions = source.Build();
        _telemetry = new WorkerTelemetry(clock, NullLogger<WorkerTelemetry>.Instance);

        Heartbeat = new Heartbeat(Sessions, Identity, Options, clock, NullLogger<Heartbeat>.Instance);
        Claims = new ClaimJobs(Sessions, Identity, Options, clock);
        Held = new HeldJobs(Sessions, Options, new Random(1));
        Batches = new SettleBatch(Sessions, new AccountDirectory(Sessions));
        Jobs = new SettleJobs(Batches, Held, _telemetry, Options, clock, NullLogger<SettleJobs>.Instance);
        Pass = new SettlementPass(
            Claims, Jobs, Heartbeat, _telemetry, Options, clock, NullLogger<SettlementPass>.Instance);
    }

    public NpgsqlDataSource Sessions { get; }

    public WorkerOptions Options { get; }

    public WorkerIdentity Identity { get; }

    public Heartbeat Heartbeat { get; }

    public ClaimJobs Claims { get; }

    public HeldJobs Held { get; }

    public SettleBatch Batches { get; }

    public SettleJobs Jobs { get; }

    public SettlementPass Pass { get; }

    /// <summary>Claims from every division, from its beginning.</summary>
    public async Task<Claim> ClaimAllAsync(CancellationToken cancel)
    {
        var everywhere = new DivisionOrder([.. Enumerable.Range(0, 64).Select(d => (short)d)], new long[64]);
        return (await Claims.ExecuteAsync(everywhere, cancel)).Claim;
    }

    /// <summary>Runs passes until none finds anything to do.</summary>
    public async Task SettleAllAsync(CancellationToken cancel)
    {
        PassOutcome outcome;
        do
        {
            outcome = await Pass.RunOnceAsync(CancellationToken.None, cancel);
        }
        while (outcome != PassOutcome.Idle);
    }

    /// <summary>
    /// Lets several workers settle the whole queue at once. None has heard of the others, so all of them look at all
    /// divisions: the hardest case.
    /// </summary>
    /// <param name="batchSizeOf">The batch size of each worker, by its number from 0.</param>
    public static Task RaceAsync(
        TestDatabase database, int workers, Func<int, int> batchSizeOf, CancellationToken cancel) =>
        Task.WhenAll(Enumerable.Range(0, workers).Select(number => Task.Run(async () =>
        {
            await using var worker = new TestWorker(database, options => options.BatchSize = batchSizeOf(number));
            await Conditions.UntilAsync(async () =>
            {
                await worker.SettleAllAsync(cancel);
                return await database.ScalarAsync<bool>(
                    "SELECT NOT EXISTS (SELECT FROM recon_jobs WHERE finished_at IS NULL)");
            });
        })));

    public async ValueTask DisposeAsync()
    {
        Heartbeat.Dispose();
        _telemetry.Dispose();
        await Sessions.DisposeAsync();
    }
}

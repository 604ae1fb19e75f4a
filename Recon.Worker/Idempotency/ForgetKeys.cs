using System.ComponentModel.DataAnnotations;
using Dapper;
using Microsoft.Extensions.Options;
using Npgsql;
using Payments.Ledger;

namespace Recon.Worker.Idempotency;

/// <summary>How long keys are kept; section <c>Idempotency</c> of the configuration.</summary>
internal sealed class KeyRetention
{
    public const string Section = "Idempotency";

    /// <summary>Age at which the key of a finished request is forgotten; it may then be used for another.</summary>
    [Range(24, 24 * 365)]
    public int KeepHours { get; set; } = 48;
}

/// <summary>
/// Clears idempotency keys that are old enough. Every worker does it, and leaves alone what another one is clearing.
/// Keys of payments, transfers and refunds are not among them: they stand on those rows, for ever.
/// </summary>
internal sealed class ForgetKeys(
    NpgsqlDataSource database, KeyRetention retention, TimeProvider clock, ILogger<ForgetKeys> logger)
    : BackgroundService
{
    // Each round is a transaction of its own, short enough for the limits of a worker's sessions.
    private const int MostAtOnce = 1_000;

    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(10);

    /// <summary>Clears everything that is old enough now; returns how many keys that were.</summary>
    public async Task<int> RunOnceAsync(CancellationToken cancel)
    {
        var before = clock.GetUtcNow() - TimeSpan.FromHours(retention.KeepHours);
        await using var connection = await database.OpenConnectionAsync(cancel);
        var forgotten = 0;
        int round;
        do
        {
            round = await connection.ExecuteAsync(new CommandDefinition(
                ForgetSql, new { before, count = MostAtOnce }, cancellationToken: cancel));
            forgotten += round;
        }
        while (round == MostAtOnce);

        return forgotten;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (await RunOnceAsync(stoppingToken) is > 0 and var forgotten)
                {
                    logger.LogInformation("Forgot {Keys} idempotency keys", forgotten);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                logger.LogWarning(Database.TraceOf(e), "Idempotency keys are not cleared now: {Reason}", e.Message);
            }

            await Task.Delay(Pause, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private const string ForgetSql = """
        DELETE FROM idempotency_keys
        WHERE ctid = ANY (ARRAY (
            SELECT ctid
            FROM idempotency_keys
            WHERE created_at < @before
            ORDER BY created_at
            LIMIT @count
            FOR UPDATE SKIP LOCKED
        ))
        """;
}

internal static class KeyRetentionServices
{
    public static void AddKeyRetention(this IServiceCollection services)
    {
        services.AddOptions<KeyRetention>()
            .BindConfiguration(KeyRetention.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton(
            provider => provider.GetRequiredService<IOptions<KeyRetention>>().Value);
        services.AddHostedService<ForgetKeys>();
    }
}

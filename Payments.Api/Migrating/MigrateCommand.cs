using System.Net.Sockets;
using Npgsql;
using Payments.Api.Audit;
using Payments.Api.Keys;
using Payments.Ledger.Audit;
using Payments.Ledger.Migrations;
using Polly;
using Polly.Retry;

namespace Payments.Api.Migrating;

/// <summary>
/// <c>Payments.Api migrate</c>: waits for the server, brings the database to this version's schema and, in Development,
/// seeds the developer keys and makes the key of the audit trail's checkpoints. Runs to its end and says how it went by
/// its exit code.
/// </summary>
internal static class MigrateCommand
{
    public const string Name = "migrate";

    private const int MostAttempts = 30;

    /// <returns>0, or 1 after one sentence on standard error that says what is wrong.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        var builder = Host.CreateApplicationBuilder(args);
        builder.AddServiceDefaults();
        builder.Logging.AddFilter("Microsoft.Hosting", LogLevel.Warning);
        using var host = builder.Build();
        var configuration = builder.Configuration;

        var complaint = await MigrateAsync(
            configuration.GetConnectionString("payments"),
            configuration["Database:AppPassword"],
            configuration.GetSection(AuditOptions.Section).Get<AuditOptions>() ?? new AuditOptions(),
            builder.Environment,
            host.Services);
        if (complaint is null)
        {
            return 0;
        }

        await Console.Error.WriteLineAsync("migrate: " + complaint);
        return 1;
    }

    private static async Task<string?> MigrateAsync(
        string? connectionString, string? appPassword, AuditOptions audit, IHostEnvironment environment,
        IServiceProvider services)
    {
        if (string.IsNullOrWhiteSpace(connectionString))
        {
            return "ConnectionStrings:payments (environment: ConnectionStrings__payments) is not set; "
                + "it must connect as the server's superuser.";
        }

        if (string.IsNullOrEmpty(appPassword))
        {
            return "Database:AppPassword (environment: Database__AppPassword) is not set; "
                + "it becomes the password of the services' role " + Migrator.AppRole + ".";
        }

        var clock = services.GetRequiredService<TimeProvider>();
        using var stopping = new CancellationTokenSource();
        using var interrupt = System.Runtime.InteropServices.PosixSignalRegistration.Create(
            System.Runtime.InteropServices.PosixSignal.SIGTERM, _ => stopping.Cancel());
        try
        {
            await using var database = NpgsqlDataSource.Create(connectionString);
            await WaitForServerAsync(database, clock, services, stopping.Token);
            await new Migrator(database, appPassword, services.GetRequiredService<ILogger<Migrator>>())
                .MigrateAsync(stopping.Token);
            if (environment.IsDevelopment())
            {
                await DeveloperKeys.SeedAsync(database, clock, stopping.Token);
                await DevelopmentCheckpoints.PrepareAsync(database, audit, clock, stopping.Token);
            }

            return null;
        }
        catch (OperationCanceledException)
        {
            return "stopped before it was done; run it again.";
        }
        catch (PostgresException e)
        {
            return $"the server refused: {e.MessageText} (SQLSTATE {e.SqlState}).";
        }
        catch (Exception e) when (e is NpgsqlException or SocketException or TimeoutException)
        {
            return $"the server cannot be reached: {e.Message}";
        }
        catch (Exception e) when (
            e is InvalidOperationException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }

    // A server that was started together with us answers within seconds; one that is not there must not hang us.
    private static async Task WaitForServerAsync(
        NpgsqlDataSource database, TimeProvider clock, IServiceProvider services, CancellationToken cancel)
    {
        var logger = services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(MigrateCommand));
        var pipeline = new ResiliencePipelineBuilder { TimeProvider = clock }
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = new PredicateBuilder().Handle<NpgsqlException>(e => e.IsTransient),
                MaxRetryAttempts = MostAttempts,
                Delay = TimeSpan.FromMilliseconds(200),
                MaxDelay = TimeSpan.FromSeconds(1),
                BackoffType = DelayBackoffType.Exponential,
                OnRetry = retry =>
                {
                    logger.LogInformation(
                        "Waiting for the database server, attempt {Attempt}", retry.AttemptNumber + 1);
                    return ValueTask.CompletedTask;
                },
            })
            .Build();
        await pipeline.ExecuteAsync(
            async token =>
            {
                await using var connection = await database.OpenConnectionAsync(token);
            },
            cancel);
    }
}

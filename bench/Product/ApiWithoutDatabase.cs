using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Payments.Api.Payments;
using Payments.Ledger;
using Payments.Ledger.Jobs;

namespace Payments.Bench.Product;

/// <summary>
/// The ceiling of the intake: the API's own program, in which every payment counts as committed at once and nobody is
/// woken. All else is as it is, keys and telemetry included.
/// </summary>
internal static class ApiWithoutDatabase
{
    /// <summary>The argument that makes this program run as that API.</summary>
    public const string Command = "api-without-database";

    public static int Run(string[] args)
    {
        // Hosts announce themselves to whoever listens, just before they are built.
        using var subscription = DiagnosticListener.AllListeners.Subscribe(new HostListener());
        var main = typeof(CommitPayments).Assembly.EntryPoint!;
        return (int)main.Invoke(null, [args])!;
    }

    private static void LeaveOutDatabase(IServiceCollection services)
    {
        services.Replace(ServiceDescriptor.Singleton<CommitPayments, CommitNothing>());
        services.Replace(ServiceDescriptor.Singleton(provider => new Notifier(
            provider.GetRequiredService<NpgsqlDataSource>(),
            Database.JobsChannel,
            TimeSpan.FromDays(1),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<Notifier>>())));
    }

    private sealed class CommitNothing(
        NpgsqlDataSource database,
        IOptions<IntakeOptions> options,
        TimeProvider clock,
        ILogger<CommitPayments> logger) : CommitPayments(database, options, clock, logger)
    {
        public override Task<List<IntakeItem>> ExecuteAsync(List<IntakeItem> items)
        {
            using var activity = IntakeTelemetry.StartBatch(items);
            foreach (var item in items)
            {
                item.CompleteWith(item.Payment);
            }

            IntakeTelemetry.Committed(items.Count, TimeSpan.Zero);
            return Task.FromResult<List<IntakeItem>>([]);
        }
    }

    private sealed class HostListener : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>
    {
        public void OnNext(DiagnosticListener value)
        {
            if (value.Name == "Microsoft.Extensions.Hosting")
            {
                value.Subscribe(this);
            }
        }

        public void OnNext(KeyValuePair<string, object?> value)
        {
            if (value is { Key: "HostBuilding", Value: IHostBuilder host })
            {
                host.ConfigureServices((_, services) => LeaveOutDatabase(services));
            }
        }

        public void OnCompleted()
        {
        }

        public void OnError(Exception error)
        {
        }
    }
}

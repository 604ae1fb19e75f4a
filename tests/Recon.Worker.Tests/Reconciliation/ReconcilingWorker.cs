using System.Collections.Concurrent;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Payments.Testing;
using Recon.Worker.Reconciliation;
using Recon.Worker.Settlements;

namespace Recon.Worker.Tests.Reconciliation;

/// <summary>The worker's own program in this process, with what it logs about reconciliation.</summary>
internal sealed class ReconcilingWorker(TestDatabase database, params (string Name, string Value)[] settings)
    : WebApplicationFactory<SettlementLoop>
{
    public SaidLines Said { get; } = new();

    /// <summary>What the program takes for the time; the system's clock unless set.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        builder.UseEnvironment("Production");
        builder.UseSetting("ConnectionStrings:payments", database.AppConnectionString);
        builder.UseSetting("Management:Port", "0");
        builder.ConfigureTestServices(services => services.AddSingleton(Clock).AddLogging(logging =>
        {
            logging.ClearProviders();
            logging.AddProvider(Said);
        }));
        foreach (var (name, value) in settings)
        {
            builder.UseSetting(name, value);
        }
    }

    /// <summary>What reconciliation logged.</summary>
    public sealed class SaidLines : ILoggerProvider, ILogger
    {
        private readonly ConcurrentQueue<string> _lines = [];
        private readonly SemaphoreSlim _arrived = new(0);

        public IEnumerable<string> Lines => _lines;

        public async Task WaitForAsync(string start)
        {
            while (!_lines.Any(line => line.StartsWith(start, StringComparison.Ordinal)))
            {
                Assert.True(
                    await _arrived.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken),
                    $"Never said: {start}");
            }
        }

        public ILogger CreateLogger(string categoryName) =>
            categoryName.StartsWith(typeof(Schedule).Namespace!, StringComparison.Ordinal)
                ? this
                : Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            _lines.Enqueue(formatter(state, exception));
            _arrived.Release();
        }

        public void Dispose()
        {
            // The semaphore holds no handle, and the worker may still be ending.
        }
    }
}

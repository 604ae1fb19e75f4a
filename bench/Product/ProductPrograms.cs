using System.Globalization;
using System.Net;
using Payments.Bench.Measuring;
using Payments.Bench.Running;
using Payments.Testing;
using Payments.Testing.Faults;

namespace Payments.Bench.Product;

/// <summary>
/// The product's own programs as built, as processes of their own, configured as for production: an operator sets the
/// connection string and the addresses, all else is default.
/// </summary>
internal static class ProductPrograms
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LookDelay = TimeSpan.FromMilliseconds(20);

    public static Task<ServiceProcess> StartApiAsync(
        BenchDatabase database, CancellationToken cancel, OtlpSink? traceAllTo = null)
    {
        var program = Repository.ProgramOf("Payments.Api");
        return StartAsync("Payments.Api", ["exec", program], program, database, traceAllTo, cancel);
    }

    /// <summary>The API with the same runtime settings, but with the commit to the database left out.</summary>
    public static Task<ServiceProcess> StartApiWithoutDatabaseAsync(BenchDatabase database, CancellationToken cancel)
    {
        var program = Repository.ProgramOf("Payments.Api");
        string[] command =
        [
            "exec", "--runtimeconfig", Path.ChangeExtension(program, ".runtimeconfig.json"),
            typeof(ProductPrograms).Assembly.Location, ApiWithoutDatabase.Command,
        ];
        return StartAsync("Payments.Api without database", command, program, database, null, cancel);
    }

    public static async Task<IReadOnlyList<ServiceProcess>> StartWorkersAsync(
        int count, BenchDatabase database, CancellationToken cancel, OtlpSink? traceAllTo = null,
        params IReadOnlyList<(string Name, string Value)> settings)
    {
        var program = Repository.ProgramOf("Recon.Worker");
        var starting = Enumerable.Range(0, count)
            .Select(_ => StartAsync("Recon.Worker", ["exec", program], program, database, traceAllTo, cancel, settings))
            .ToList();
        try
        {
            return await Task.WhenAll(starting);
        }
        catch
        {
            foreach (var started in starting.Where(task => task.IsCompletedSuccessfully))
            {
                await (await started).DisposeAsync();
            }

            throw;
        }
    }

    private static async Task<ServiceProcess> StartAsync(
        string name,
        IReadOnlyList<string> command,
        string program,
        BenchDatabase database,
        OtlpSink? traceAllTo,
        CancellationToken cancel,
        IReadOnlyList<(string Name, string Value)>? settings = null)
    {
        var port = FreePort.Next();
        var metricsPort = FreePort.Next();
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["ConnectionStrings__payments"] = database.AppConnectionString(),
            ["ASPNETCORE_URLS"] = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"),
            ["ASPNETCORE_ENVIRONMENT"] = "Production",
            ["Management__Port"] = metricsPort.ToString(CultureInfo.InvariantCulture),
        };
        foreach (var (setting, value) in settings ?? [])
        {
            environment[setting] = value;
        }

        if (traceAllTo is not null)
        {
            environment["Telemetry__TraceRatio"] = "1";
            environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = traceAllTo.Address;
            environment["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf";
        }

        var log = Path.Combine(Path.GetTempPath(), FormattableString.Invariant($"bench-{port}-{name}.log"));
        var process = ChildProcess.Start(
            name, "dotnet", command, environment, Path.GetDirectoryName(program), log);
        var service = new ServiceProcess(name, process, port, metricsPort, log);
        try
        {
            await WaitUntilHealthyAsync(service, cancel);
            return service;
        }
        catch
        {
            await service.DisposeAsync();
            throw;
        }
    }

    private static async Task WaitUntilHealthyAsync(ServiceProcess service, CancellationToken cancel)
    {
        using var client = new HttpClient { BaseAddress = new Uri(service.Address) };
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(StartPatience);
        while (true)
        {
            try
            {
                using var answer = await client.GetAsync(new Uri("/health", UriKind.Relative), patience.Token);
                if (answer.StatusCode == HttpStatusCode.OK)
                {
                    return;
                }
            }
            catch (HttpRequestException) when (!service.Process.HasExited)
            {
                // Not listening yet.
            }
            catch (HttpRequestException)
            {
                throw new VoidRunException($"{service.Name} did not start: {service.LastWords()}");
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                throw new VoidRunException($"{service.Name} was not healthy in time: {service.LastWords()}");
            }

            await Task.Delay(LookDelay, cancel);
        }
    }
}

/// <summary>A running program of the product; disposing it asks it to end, and waits.</summary>
internal sealed class ServiceProcess(
    string name, ChildProcess process, int port, int metricsPort, string log) : IAsyncDisposable
{
    public string Name => name;

    public ChildProcess Process => process;

    public IPEndPoint EndPoint { get; } = new(IPAddress.Loopback, port);

    public string Address => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}");

    /// <summary>
    /// How many commands and batches it has sent to the database so far, as its own metrics tell: each is a round trip.
    /// </summary>
    public async Task<long> CountCommandsAsync(CancellationToken cancel)
    {
        using var client = new HttpClient();
        var metrics = await client.GetStringAsync(
            new Uri(FormattableString.Invariant($"http://127.0.0.1:{metricsPort}/metrics")), cancel);
        return metrics.Split('\n')
            .Where(line => line.StartsWith("db_client_", StringComparison.Ordinal)
                && line.Contains("_duration", StringComparison.Ordinal)
                && line.Contains("_count", StringComparison.Ordinal))
            .Sum(line => long.Parse(line.AsSpan(line.LastIndexOf(' ') + 1), CultureInfo.InvariantCulture));
    }

    /// <exception cref="VoidRunException">It ended by itself.</exception>
    public void ShouldRun()
    {
        if (process.HasExited)
        {
            throw new VoidRunException($"{name} ended by itself: {LastWords()}");
        }
    }

    /// <summary>
    /// Stops it where it is, so that it takes nothing from what is measured meanwhile and stays as warm as it is.
    /// </summary>
    public void Freeze() => ProcessSignals.Freeze(process.Id);

    public void Thaw() => ProcessSignals.Resume(process.Id);

    /// <summary>The end of what it printed.</summary>
    public string LastWords() => File.Exists(log) ? string.Join(" | ", File.ReadLines(log).TakeLast(3)) : "";

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            Thaw();
        }

        await process.DisposeAsync();
        File.Delete(log);
    }
}

/// <summary>Processes that are ended together.</summary>
internal sealed class ServiceGroup(IReadOnlyList<ServiceProcess> services) : IAsyncDisposable
{
    public async ValueTask DisposeAsync() =>
        await Task.WhenAll(services.Select(service => service.DisposeAsync().AsTask()));
}

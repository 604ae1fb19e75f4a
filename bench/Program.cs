using System.Runtime.InteropServices;
using Payments.Bench;
using Payments.Bench.Documents;
using Payments.Bench.NodePeers;
using Payments.Bench.Product;
using Payments.Bench.Reporting;
using Payments.Bench.Running;
using Payments.Bench.Scenarios;
using Payments.Ledger;

// Measures the product beside others on this machine. Exit code 0: every run was valid; 1: at least one was not, or
// the program was interrupted; 2: an argument is wrong.
if (args is [DocumentsWorker.Command, var connectionString])
{
    return await DocumentsWorker.RunAsync(connectionString);
}

if (args is [ApiWithoutDatabase.Command, ..])
{
    return ApiWithoutDatabase.Run(args[1..]);
}

BenchOptions options;
try
{
    options = BenchOptions.Parse(args);
}
catch (FormatException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    await Console.Error.WriteLineAsync(BenchOptions.Usage);
    return 2;
}

if (Repository.Configuration != "Release")
{
    await Console.Error.WriteLineAsync("Figures of a debug build say nothing: dotnet run -c Release --project bench");
    return 2;
}

// Ctrl+C ends the run, not this process: everything that was started is stopped on the way out.
using var interrupted = new CancellationTokenSource();
using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);

try
{
    return await RunAsync(options, interrupted.Token);
}
catch (OperationCanceledException) when (interrupted.IsCancellationRequested)
{
    await Console.Error.WriteLineAsync("Interrupted; nothing was written.");
    return 1;
}

void Interrupt(PosixSignalContext signal)
{
    signal.Cancel = true;
    interrupted.Cancel();
}

static async Task<int> RunAsync(BenchOptions options, CancellationToken cancel)
{
    Database.Configure();
    var clock = TimeProvider.System;
    var progress = new Progress(clock);
    var scenarios = ScenarioList.Chosen(options);
    var window = Budget.WindowFor(scenarios, options);

    progress.Say("Starting PostgreSQL, installing the peers");
    await using var server = await BenchServer.StartAsync(cancel);
    var node = await PeerPackages.InstallAsync(cancel);
    var machine = await Machine.ReadAsync(server.Superuser, node, cancel);
    var settings = FormattableString.Invariant(
        $"Medians of {options.Runs} interleaved runs, windows of {window.TotalSeconds:0.0} s. ")
        + $"All sides: {BenchServer.SettingsText}.";
    var report = new Report(machine, settings, clock.GetUtcNow());
    await using var context = new BenchContext(options, server, report, progress, window);

    foreach (var scenario in scenarios)
    {
        await scenario.RunAsync(context, cancel);
    }

    report.Duration = progress.Elapsed;
    var file = await ReportFiles.WriteAsync(report, ScenarioList.ReportName(options), cancel);
    Console.WriteLine();
    Console.WriteLine(MarkdownReport.Of(report));
    Console.WriteLine($"Written to {Path.GetRelativePath(Repository.Root, file)} and .json");
    return report.Void.Any() ? 1 : 0;
}

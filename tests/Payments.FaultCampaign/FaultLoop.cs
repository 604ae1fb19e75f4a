using System.Collections.Concurrent;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Dapper;
using Npgsql;
using Payments.Testing.Faults;

namespace Payments.FaultCampaign;

/// <summary>
/// Strikes one worker after the other: the kinds in turn, in a new order each round, the victim by chance among those
/// that run. It prefers the moment at which the victim holds leases, and brings back what it broke.
/// </summary>
internal sealed class FaultLoop(DistributedApplication app, NpgsqlDataSource superuser, CampaignOptions options)
{
    // A worker holds leases for some milliseconds at a time; this is how long one of these moments is waited for.
    private static readonly TimeSpan Aim = TimeSpan.FromSeconds(1);

    private readonly Random _random = new(options.Seed);
    private readonly ConcurrentDictionary<string, int> _running = [];
    private readonly ConcurrentQueue<Fault> _faults = [];

    public IReadOnlyList<Fault> Faults => [.. _faults];

    /// <summary>Ticks at which no worker was there to be struck.</summary>
    public int Misses { get; private set; }

    /// <summary>Strikes until the token ends it; returns when every worker is back.</summary>
    public async Task RunAsync(IEnumerable<string> workers, CancellationToken until)
    {
        foreach (var worker in workers)
        {
            await ReturnAsync(worker);
        }

        var kinds = new Queue<FaultKind>();
        var strikes = new List<Task>();
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(options.Every));

        while (await NextAsync(timer, until))
        {
            if (!TryTakeVictim(out var worker, out var pid))
            {
                Misses++;
                continue;
            }

            if (kinds.Count == 0)
            {
                var round = Enum.GetValues<FaultKind>();
                _random.Shuffle(round);
                kinds = new(round);
            }

            strikes.Add(StrikeAsync(kinds.Dequeue(), worker, pid));
        }

        await Task.WhenAll(strikes);
    }

    private static async Task<bool> NextAsync(PeriodicTimer timer, CancellationToken until)
    {
        try
        {
            return await timer.WaitForNextTickAsync(until);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private bool TryTakeVictim(out string worker, out int pid)
    {
        var running = _running.Keys.Order(StringComparer.Ordinal).ToList();
        worker = running.Count == 0 ? "" : running[_random.Next(running.Count)];
        return _running.TryRemove(worker, out pid);
    }

    private async Task StrikeAsync(FaultKind kind, string worker, int pid)
    {
        await HeldLeases.WaitForAsync(superuser, pid, Aim, CancellationToken.None);

        switch (kind)
        {
            case FaultKind.Kill:
                ProcessSignals.Kill(pid);
                await NoteAsync(kind, worker, pid);
                await WaitForStateAsync(worker, KnownResourceStates.TerminalStates);
                await CommandAsync(worker, KnownResourceCommands.StartCommand);
                break;

            case FaultKind.Freeze:
                ProcessSignals.Freeze(pid);
                await NoteAsync(kind, worker, pid);
                await Task.Delay(TimeSpan.FromSeconds(options.Lease + 1));
                ProcessSignals.Resume(pid);
                break;

            case FaultKind.Restart:
                await CommandAsync(worker, KnownResourceCommands.StopCommand);
                await NoteAsync(kind, worker, pid);
                await CommandAsync(worker, KnownResourceCommands.StartCommand);
                break;

            case FaultKind.Cut:
                await CutAsync(pid);
                await NoteAsync(kind, worker, pid);
                break;
        }

        await ReturnAsync(worker);
    }

    // Looked at after the strike: what the victim held then is what others have to take over.
    private async Task NoteAsync(FaultKind kind, string worker, int pid)
    {
        var held = await HeldLeases.OfAsync(superuser, pid, CancellationToken.None);
        _faults.Enqueue(new(kind, worker, held));
        Console.WriteLine($"{held.At:HH:mm:ss.fff}  {kind,-8}{worker}, holding {held.Jobs.Count} payments");
    }

    private async Task CutAsync(int pid)
    {
        await using var connection = await superuser.OpenConnectionAsync();
        await connection.ExecuteAsync(
            "SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity AS a WHERE a.application_name = @name",
            new { name = FormattableString.Invariant($"Recon.Worker {pid}") });
    }

    private async Task CommandAsync(string worker, string command)
    {
        var result = await app.ResourceCommands.ExecuteCommandAsync(worker, command);

        if (!result.Success)
        {
            throw new InvalidOperationException($"{worker} did not {command}: {result.Message}");
        }
    }

    private async Task ReturnAsync(string worker) =>
        _running[worker] = PidOf(await WaitForStateAsync(worker, [KnownResourceStates.Running]));

    private Task<ResourceEvent> WaitForStateAsync(string worker, IEnumerable<string> states) =>
        app.ResourceNotifications.WaitForResourceAsync(
            worker, update => states.Contains(update.Snapshot.State?.Text, StringComparer.Ordinal))
            .WaitAsync(TimeSpan.FromMinutes(1));

    private static int PidOf(ResourceEvent update) =>
        (int)update.Snapshot.Properties.Single(property => property.Name == "executable.pid").Value!;
}

using Npgsql;
using Payments.Ledger.Jobs;

namespace Recon.Worker.Jobs;

/// <summary>A part of the worker that is told when something is said on a channel of the database.</summary>
internal interface IHears
{
    string Channel { get; }

    /// <summary>Something was said, or may have been while nobody listened. Must not block.</summary>
    void Hear();
}

/// <summary>
/// Listens for all parts of the worker in one session. The server wakes every listening session of a database whenever
/// anything is said in it, on whatever channel, and the API says something with each group of payments: what a worker
/// listens with is paid for by every payment.
/// </summary>
internal sealed class Hearing(
    NpgsqlDataSource database, IEnumerable<IHears> parts, TimeProvider clock, ILogger<Hearing> logger)
    : BackgroundService
{
    private readonly ILookup<string, IHears> _parts = parts.ToLookup(part => part.Channel, StringComparer.Ordinal);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        new Listener(database, [.. _parts.Select(part => part.Key)], Tell, clock, logger).RunAsync(stoppingToken);

    private void Tell(string? channel)
    {
        foreach (var part in channel is null ? _parts.SelectMany(parts => parts) : _parts[channel])
        {
            part.Hear();
        }
    }
}

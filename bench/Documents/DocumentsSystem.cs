using System.Globalization;
using System.Net;
using Payments.Bench.NodePeers;
using Payments.Bench.Product;
using Payments.Bench.Running;
using Payments.Testing;
using Payments.Testing.Faults;

namespace Payments.Bench.Documents;

/// <summary>The documents' API and workers, or one of both, on a database of their own.</summary>
internal sealed class DocumentsSystem : IAsyncDisposable
{
    private readonly NodePeer? _api;
    private readonly DocumentsPrograms _workers;

    private DocumentsSystem(BenchDatabase database, IPEndPoint endPoint, NodePeer? api, DocumentsPrograms workers) =>
        (Database, EndPoint, _api, _workers) = (database, endPoint, api, workers);

    public BenchDatabase Database { get; }

    /// <summary>Of the API, if there is one.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>All processes with what they are.</summary>
    public IReadOnlyList<(string Role, ChildProcess Process)> Roles =>
    [
        .. _api is null ? [] : new[] { ("api", _api.Process) },
        .. _workers.Workers.Select(worker => ("worker", worker)),
    ];

    /// <exception cref="Measuring.NotInstalledException">There is to be an API, and no Node.js.</exception>
    public static async Task<DocumentsSystem> StartAsync(
        BenchDatabase database, bool withApi, int workers, CancellationToken cancel)
    {
        var port = FreePort.Next();
        var api = withApi
            ? await NodePeer.StartAsync(
                "documents-api", database, cancel, string.Create(CultureInfo.InvariantCulture, $"--port={port}"))
            : null;
        try
        {
            return new DocumentsSystem(
                database, new IPEndPoint(IPAddress.Loopback, port), api,
                await DocumentsPrograms.StartWorkersAsync(workers, database, cancel));
        }
        catch
        {
            await (api?.DisposeAsync() ?? ValueTask.CompletedTask);
            throw;
        }
    }

    /// <summary>
    /// Stops all processes where they are, until <see cref="Thaw"/>. A transaction that is open then stays open: nobody
    /// else uses this database.
    /// </summary>
    public void Freeze() => Each(ProcessSignals.Freeze);

    public void Thaw() => Each(ProcessSignals.Resume);

    /// <summary>Waits until every payment has its entry.</summary>
    /// <exception cref="Measuring.VoidRunException">It takes more than a minute.</exception>
    public Task WaitUntilSettledAsync(CancellationToken cancel) => Measuring.Patience.UntilAsync(
        async () =>
            await Database.CountDocumentsSettledAsync(cancel) >= await Database.CountPaymentsAsync(cancel),
        "payments were left unsettled for a minute",
        cancel);

    /// <exception cref="Measuring.VoidRunException">One of the processes ended by itself.</exception>
    public void ShouldRun()
    {
        if (Roles.FirstOrDefault(role => role.Process.HasExited) is { Process: { } ended })
        {
            throw ended.Ended();
        }
    }

    public async ValueTask DisposeAsync()
    {
        Thaw();
        await _workers.DisposeAsync();
        await (_api?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    private void Each(Action<int> signal)
    {
        foreach (var (_, process) in Roles.Where(role => !role.Process.HasExited))
        {
            signal(process.Id);
        }
    }
}

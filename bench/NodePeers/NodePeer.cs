using System.Text.Json;
using Payments.Bench.Measuring;
using Payments.Bench.Running;

namespace Payments.Bench.NodePeers;

/// <summary>A peer of <c>bench/peers</c>: a program on Node.js that says in lines of JSON how far it is.</summary>
internal sealed class NodePeer : IAsyncDisposable
{
    private readonly ChildProcess _process;

    private NodePeer(string name, ChildProcess process) => (Name, _process) = (name, process);

    public string Name { get; }

    public ChildProcess Process => _process;

    public static string Folder => Path.Combine(Repository.Root, "bench", "peers");

    /// <summary>Starts a peer and waits until it can be measured.</summary>
    /// <param name="arguments">As <c>--key=value</c>.</param>
    /// <exception cref="NotInstalledException">Node.js or the peer is not there.</exception>
    public static async Task<NodePeer> StartAsync(
        string name, BenchDatabase database, CancellationToken cancel, params IReadOnlyList<string> arguments)
    {
        var program = Path.Combine(Folder, name + ".mjs");
        if (!File.Exists(program))
        {
            throw new NotInstalledException($"there is no peer {name}");
        }

        var process = ChildProcess.Start(
            name,
            "node",
            [program, .. arguments],
            new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["DATABASE_URL"] = database.Url,
                ["NODE_ENV"] = "production",
            });
        var peer = new NodePeer(name, process);
        try
        {
            await peer.WaitForAsync("ready", cancel);
            return peer;
        }
        catch
        {
            await peer.DisposeAsync();
            throw;
        }
    }

    /// <summary>Tells a runner of jobs to start, and waits for its count.</summary>
    /// <returns>Jobs a second, by the peer's own clock.</returns>
    public async Task<double> RunJobsAsync(CancellationToken cancel)
    {
        await _process.WriteLineAsync("go", cancel);
        using var done = await WaitForAsync("done", cancel);
        var jobs = done.RootElement.GetProperty("jobs").GetInt64();
        var seconds = done.RootElement.GetProperty("seconds").GetDouble();
        return jobs > 0 && seconds > 0
            ? jobs / seconds
            : throw new VoidRunException($"{Name} did no job");
    }

    /// <summary>
    /// Ends it where it is: what it has in hand is rolled back, and nobody waits for thousands of jobs to be done.
    /// </summary>
    public void Kill() => _process.Kill();

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private async Task<JsonDocument> WaitForAsync(string awaited, CancellationToken cancel)
    {
        while (true)
        {
            var line = await _process.ReadLineAsync(cancel);
            if (!line.StartsWith('{'))
            {
                continue;
            }

            var document = JsonDocument.Parse(line);
            if (document.RootElement.TryGetProperty("event", out var name) && name.GetString() == awaited)
            {
                return document;
            }

            document.Dispose();
        }
    }
}

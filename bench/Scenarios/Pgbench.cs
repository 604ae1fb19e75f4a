using System.Globalization;
using Payments.Bench.Measuring;
using Payments.Bench.Running;

namespace Payments.Bench.Scenarios;

/// <summary>
/// PostgreSQL's own benchmark, when it is installed: single reads by key, which is as many round trips as the server
/// answers at all.
/// </summary>
internal sealed class Pgbench(BenchDatabase database) : IAsyncDisposable
{
    private const string Program = "pgbench";

    private string? _missing;

    public static async Task<Pgbench> PrepareAsync(BenchServer server, CancellationToken cancel)
    {
        var pgbench = new Pgbench(await server.CreateAsync(cancel));
        try
        {
            await using var process = pgbench.Start("--initialize", "--quiet", "--scale=10");
            await process.WaitForExitAsync(cancel);
        }
        catch (NotInstalledException e)
        {
            pgbench._missing = e.Message;
        }

        return pgbench;
    }

    /// <exception cref="NotInstalledException">It is not on the path.</exception>
    public async Task<Run> MeasureAsync(TimeSpan window, CancellationToken cancel)
    {
        if (_missing is not null)
        {
            throw new NotInstalledException(_missing);
        }

        await using var process = Start(
            "--select-only", "--no-vacuum", "--protocol=prepared", "--client=64", "--jobs=2",
            FormattableString.Invariant($"--time={BenchContext.WholeSecondsOf(window)}"));
        while (true)
        {
            // tps = 61234.567890 (without initial connection time)
            var line = await process.ReadLineAsync(cancel);
            if (line.StartsWith("tps = ", StringComparison.Ordinal))
            {
                return new Run(("reads/s at 64", double.Parse(line.Split(' ')[2], CultureInfo.InvariantCulture)));
            }
        }
    }

    public ValueTask DisposeAsync() => database.DisposeAsync();

    private ChildProcess Start(params IReadOnlyList<string> arguments) => ChildProcess.Start(
        Program,
        Program,
        [.. arguments, database.Name],
        new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["PGHOST"] = database.Server.Host,
            ["PGPORT"] = database.Server.Port.ToString(CultureInfo.InvariantCulture),
            ["PGUSER"] = database.Server.Username,
            ["PGPASSWORD"] = database.Server.Password,
        });
}

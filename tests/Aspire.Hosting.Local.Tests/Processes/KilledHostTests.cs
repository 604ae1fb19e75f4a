using System.Net.Http.Json;
using Aspire.Hosting.Orchestration;
using Aspire.Hosting.Postgres.Native;
using Npgsql;
using Payments.Testing.Faults;

namespace Aspire.Hosting.Local.Tests.Processes;

/// <summary>An AppHost that is killed has no chance to tidy up: its orchestrator does it.</summary>
public sealed class KilledHostTests : IDisposable
{
    private readonly string _volume = $"killed-host-tests-{Guid.CreateVersion7():N}";
    private readonly int _port = PublicPorts.Free();

    private string VolumePath => Path.Combine(NativePostgres.StateDirectory, "volumes", _volume);

    public void Dispose() => Directory.Delete(VolumePath, recursive: true);

    [Fact]
    public async Task Nothing_stays_behind_and_the_next_start_over_the_same_data_works_at_once()
    {
        await using var host = StartHost(dashboard: true);
        var books = await BooksAsync(host, dashboard: true);
        await ExecuteAsync(books, "CREATE TABLE kept AS SELECT 42 AS answer");
        Assert.Contains(host.Descendants(), one => one.Command.Contains("aspire-managed", StringComparison.Ordinal));
        Assert.NotEmpty(host.Sessions());

        ProcessSignals.Kill(host.Pid);
        await host.EndAsync();

        // The port is fixed: this AppHost waits until the orchestrator of the other has given it back.
        await using var next = StartHost(dashboard: false);
        Assert.Equal(42, await ExecuteAsync(await BooksAsync(next, dashboard: false), "SELECT answer FROM kept"));

        await host.UntilAsync(() => host.Descendants().Count == 0);
        Assert.Empty(host.Sessions());

        ProcessSignals.Terminate(next.Pid);
        var end = await next.EndAsync();
        Assert.Equal((0, ""), (end.ExitCode, end.Errors));
        await next.UntilAsync(() => next.Descendants().Count == 0);
        Assert.False(HostProcess.IsListening(_port));
        Assert.Empty(next.Sessions());
    }

    private HostProcess StartHost(bool dashboard) => HostProcess.Start(
        "database",
        [
            // What describes the AppHost's own start, and must not reach the service.
            ("ASPNETCORE_ENVIRONMENT", "Staging"),
            ("DOTNET_ENVIRONMENT", "Staging"),
            ("DOTNET_LAUNCH_PROFILE", "of the AppHost"),
        ],
        $"--Dashboard={dashboard}", $"--Port={_port}", $"--Volume={_volume}");

    /// <summary>The connection string of the database, as the service knows it once it runs.</summary>
    private async Task<string> BooksAsync(HostProcess host, bool dashboard)
    {
        await host.DiaryHasAsync("service started");
        using var client = new HttpClient();
        var variables = await client.GetFromJsonAsync<Dictionary<string, string>>(
            $"http://localhost:{_port}/variables", TestContext.Current.CancellationToken);

        Assert.DoesNotContain(variables!, variable => variable.Key is "ASPNETCORE_ENVIRONMENT" or "DOTNET_ENVIRONMENT"
            or "DOTNET_LAUNCH_PROFILE" or "OTEL_BSP_SCHEDULE_DELAY" or "OTEL_TRACES_SAMPLER");
        Assert.Equal(dashboard, variables!.ContainsKey("OTEL_SERVICE_NAME"));
        return variables!["ConnectionStrings__books"];
    }

    private static async Task<object?> ExecuteAsync(string database, string sql)
    {
        await using var connection = new NpgsqlConnection($"{database};Pooling=false");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
    }
}

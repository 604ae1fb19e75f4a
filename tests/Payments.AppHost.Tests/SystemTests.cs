using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Npgsql;
using Payments.Testing;

namespace Payments.AppHost.Tests;

/// <summary>What the parts of the system are to each other when all of it runs.</summary>
[Collection(nameof(RunningApplication))]
public sealed class SystemTests(RunningApplication fixture, ITestOutputHelper output)
    : ApplicationTests(fixture, output)
{
    [Fact]
    public async Task A_payment_that_is_created_over_HTTP_settles()
    {
        var payment = await Application.PayAsync("system-settles", 100.13m, Cancel);

        await Application.WaitUntilSettledAsync(payment, Cancel);

        var settled = await Application.Api.GetFromJsonAsync<JsonElement>($"/payments/{payment}", Cancel);
        Assert.Equal("completed_with_discrepancy", settled.GetProperty("status").GetString());
        Assert.Equal(2, settled.GetProperty("ledgerEntries").GetArrayLength());
        await Books.ShouldBeRightAsync(Application.Superuser);
    }

    [Fact]
    public async Task The_screens_find_the_API_by_service_discovery_and_show_its_data()
    {
        var payment = await Application.PayAsync("system-screens", 41.20m, Cancel);

        var page = await Application.Web.GetStringAsync($"/payments/{payment}", Cancel);

        var web = Assert.Single(Application.Replicas("web"));
        Assert.Equal(
            Application.App.GetEndpoint("api"), new(web.Snapshot.Variable("services__api__http__0")!));
        Assert.Contains("system-screens", page, StringComparison.Ordinal);
        Assert.Contains("41.20", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Services_start_when_the_migration_has_ended_well()
    {
        var migrate = Assert.Single(Application.Replicas("migrate")).Snapshot;
        var migrated = Application.States.TakeWhile(state => state != ("migrate", KnownResourceStates.Finished));

        Assert.Equal((KnownResourceStates.Finished, 0), (migrate.State?.Text, migrate.ExitCode));
        Assert.All(
            migrated.Where(state => state.Resource is "api" or "worker" or "web"),
            state => Assert.Equal(KnownResourceStates.Waiting, state.State));
    }

    [Fact]
    public async Task A_hundred_sample_payments_are_one_command_away()
    {
        var result = await Application.App.ResourceCommands.ExecuteCommandAsync("api", "sample-payments", Cancel);

        Assert.True(result.Success, result.Message);
        await using var count = Application.Superuser.CreateCommand(
            "SELECT count(*) FROM payments WHERE payee_account LIKE 'SAMPLE-%'");
        Assert.Equal(100L, await count.ExecuteScalarAsync(Cancel));
    }

    [Fact]
    public void Two_workers_run_as_processes_of_their_own()
    {
        var pids = Application.Replicas("worker").Select(worker => worker.Pid).ToList();

        Assert.Equal(2, pids.Distinct().Count());
        Assert.All(pids, pid => Assert.True(Processes.IsRunning(pid)));
    }

    [Fact]
    public async Task The_services_role_can_read_the_books_and_not_rewrite_them()
    {
        var given = await Application.App.GetConnectionStringAsync("payments-app", Cancel);
        var api = Assert.Single(Application.Replicas("api")).Snapshot;
        await using var database = NpgsqlDataSource.Create(given!);

        Assert.Equal(given, api.Variable("ConnectionStrings__payments"));
        await using var count = database.CreateCommand("SELECT current_user || count(*) FROM accounts WHERE false");
        Assert.Equal("payments_app0", await count.ExecuteScalarAsync(Cancel));
        await using var delete = database.CreateCommand("DELETE FROM ledger_entries");
        var refusal = await Assert.ThrowsAsync<PostgresException>(() => delete.ExecuteNonQueryAsync(Cancel));
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refusal.SqlState);
    }

    [Fact]
    public async Task What_a_resource_writes_is_a_line_of_the_AppHosts_log()
    {
        // Other tests' payments may still be settling; the client hands the trace on, and the line carries it.
        using var trace = new Activity("pay") { ActivityTraceFlags = ActivityTraceFlags.Recorded }.Start();
        var line = Application.WaitForLineAsync(
            line => line.Contains("settled: completed", StringComparison.Ordinal)
                && line.Contains($"{trace.TraceId}", StringComparison.Ordinal),
            Cancel);

        var payment = await Application.PayAsync("system-log", 1.00m, Cancel);

        Assert.Matches($"^Payments.AppHost.Resources.worker \\d+: .* Payment {payment} settled: completed", await line);
    }
}

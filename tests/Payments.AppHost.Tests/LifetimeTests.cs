using Aspire.Hosting.Testing;

namespace Payments.AppHost.Tests;

/// <summary>Applications begin and end without a trace of each other.</summary>
public sealed class LifetimeTests
{
    [Fact]
    public async Task Two_applications_in_one_process_keep_to_themselves_and_leave_nothing_behind()
    {
        var starting = PaymentsApplication.StartAsync(["Parameters:app-password=second", "Ports:Api=1"]);
        try
        {
            await using var first = await PaymentsApplication.StartAsync();
            await using var second = await starting;
            await KeepToThemselvesAsync(first, second);
        }
        finally
        {
            // The second may have come up although the first did not.
            await (await starting).DisposeAsync();
        }
    }

    private static async Task KeepToThemselvesAsync(PaymentsApplication first, PaymentsApplication second)
    {
        var cancel = TestContext.Current.CancellationToken;
        var (mine, other) = (await Belongings.OfAsync(first, cancel), await Belongings.OfAsync(second, cancel));

        var payment = await first.PayAsync("lifetime", 1.00m, cancel);
        await first.WaitUntilSettledAsync(payment, cancel);
        await first.DisposeAsync();

        Assert.Equal([], mine.Left());
        Assert.Equal(other.All, other.Left());
        Assert.Equal(0L, await CountAsync(second, cancel));

        await second.App.StopAsync(cancel);
        await second.DisposeAsync();
        Assert.Equal([], other.Left());
    }

    private static async Task<object?> CountAsync(PaymentsApplication application, CancellationToken cancel)
    {
        await using var count = application.Superuser.CreateCommand("SELECT count(*) FROM payments");
        return await count.ExecuteScalarAsync(cancel);
    }

    /// <summary>What an application has on this machine: processes, ports, and the directory of its data.</summary>
    private sealed record Belongings(IReadOnlyList<int> Pids, IReadOnlyList<int> Ports, string DataDirectory)
    {
        public IEnumerable<string> All => Left(_ => true, _ => true, _ => true);

        public static async Task<Belongings> OfAsync(PaymentsApplication application, CancellationToken cancel)
        {
            string[] resources = ["postgres", "api", "providers", "worker", "web"];
            await using var look = application.Superuser.CreateCommand("SHOW data_directory");
            return new(
                [.. resources.SelectMany(application.Replicas).Select(replica => replica.Pid)],
                [.. new[] { "api", "providers", "web" }.Select(resource => application.App.GetEndpoint(resource).Port),
                    application.App.GetEndpoint("postgres", "tcp").Port],
                (string)(await look.ExecuteScalarAsync(cancel))!);
        }

        public IEnumerable<string> Left() => Left(Processes.IsRunning, Processes.IsListening, Directory.Exists);

        private IEnumerable<string> Left(
            Func<int, bool> isRunning, Func<int, bool> isListening, Func<string, bool> exists) =>
        [
            .. Pids.Where(isRunning).Select(pid => $"process {pid}"),
            .. Ports.Where(isListening).Select(port => $"port {port}"),
            .. new[] { DataDirectory }.Where(exists),
        ];
    }
}

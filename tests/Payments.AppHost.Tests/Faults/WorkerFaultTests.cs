using System.Globalization;
using System.Net.Http.Json;
using Payments.Testing;
using Payments.Testing.Faults;

namespace Payments.AppHost.Tests.Faults;

/// <summary>Workers that die or freeze in the middle of a settlement, with leases in their hands.</summary>
[Collection(nameof(FaultySystem))]
public sealed class WorkerFaultTests(FaultySystem system, ITestOutputHelper output) : FaultTests(system, output)
{
    private const int Payments = 20;

    // How soon after the end of its leases a lost worker's payments must be settled.
    private static readonly TimeSpan TakeOver = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task A_worker_killed_while_it_holds_leases_loses_nothing_and_doubles_nothing()
    {
        const string Account = "ACC-KILLED";
        var (worker, held) = await HoldLeasesAsync(Account, ProcessSignals.Kill);

        await AllSettledAsync();

        var seconds = await SecondsUntilSettledAsync(held);
        Assert.InRange(seconds, 0, (FaultySystem.Lease + TakeOver).TotalSeconds);
        await SettledOnceByOthersAsync(Account, worker.Pid, held);
        await StartAgainAsync("worker", worker);
    }

    [Fact]
    public async Task A_worker_frozen_past_its_lease_and_resumed_commits_nothing_of_what_it_held()
    {
        const string Account = "ACC-FROZEN";
        var frozen = 0;
        HeldLeases held;
        try
        {
            (_, held) = await HoldLeasesAsync(Account, pid => ProcessSignals.Freeze(frozen = pid));
            await AllSettledAsync();
        }
        finally
        {
            // Whatever went wrong: the tests to come share it, and it could not even be told to stop.
            if (frozen != 0)
            {
                ProcessSignals.Resume(frozen);
            }
        }

        await SettlesAgainAsync(frozen);

        await SettledOnceByOthersAsync(Account, frozen, held);
    }

    /// <summary>
    /// Lets a worker claim payments into an account that it cannot lock, and strikes it there.
    /// </summary>
    private async Task<(Replica Worker, HeldLeases Held)> HoldLeasesAsync(string account, Action<int> strike)
    {
        await PayAsync(account);
        await AllSettledAsync();
        await using var blocked = await BlockedAccount.HoldAsync(Application.Superuser, account);
        await Task.WhenAll(Enumerable.Range(1, Payments).Select(_ => PayAsync(account)));

        var id = await UntilAsync<string>(
            "SELECT min(locked_by) FROM recon_jobs WHERE payee_account = @account AND status = 'processing'",
            new { account },
            found => found is not null);
        var pid = int.Parse(id.Split('-')[^2], CultureInfo.InvariantCulture);
        var worker = Application.Replicas("worker").Single(replica => replica.Pid == pid);
        strike(pid);
        var held = await HeldLeases.OfAsync(Application.Superuser, pid, Cancel);
        Assert.NotEmpty(held.Jobs);
        return (worker, held);
    }

    private async Task PayAsync(string account)
    {
        var key = Guid.CreateVersion7().ToString();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/payments", UriKind.Relative))
        {
            Headers = { { "Idempotency-Key", key } },
            Content = JsonContent.Create(new { accountId = account, amount = "1.00" }),
        };
        using var answer = await Client.SendAsync(request, Cancel);
        answer.EnsureSuccessStatusCode();
    }

    private async Task<double> SecondsUntilSettledAsync(HeldLeases held) => await ReadAsync<double>(
        "SELECT extract(epoch FROM max(finished_at) - @At)::float8 FROM recon_jobs WHERE id = ANY (@Jobs)",
        new { held.At, held.Jobs });

    private async Task SettledOnceByOthersAsync(string account, int pid, HeldLeases held)
    {
        var byTheLostOne = await ReadAsync<long>(
            "SELECT count(*) FROM recon_jobs WHERE id = ANY (@Jobs) AND locked_by LIKE @worker",
            new { held.Jobs, worker = FormattableString.Invariant($"%-{pid}-________") });
        var balance = await ReadAsync<long>("SELECT balance FROM accounts WHERE name = @account", new { account });

        Assert.Equal(0, byTheLostOne);
        Assert.Equal((Payments + 1) * 100, balance);
        await BooksAreRightAsync();
    }

    // It settles again, so it has been through whatever it made of the leases that it lost.
    private async Task SettlesAgainAsync(int pid)
    {
        const string SettledByIt = """
            SELECT count(*) FROM recon_jobs
            WHERE locked_by LIKE @worker AND status = 'completed' AND finished_at > @now
            """;
        var now = await ReadAsync<DateTime>("SELECT clock_timestamp()");
        var worker = FormattableString.Invariant($"%-{pid}-________");

        for (var round = 0; round < 60; round++)
        {
            // Over all divisions, so that some are in its share.
            await Task.WhenAll(Enumerable.Range(0, 50).Select(i => PayAsync($"ACC-SHARE-{i}")));
            await AllSettledAsync();

            if (await ReadAsync<long>(SettledByIt, new { worker, now }) > 0)
            {
                return;
            }
        }

        Assert.Fail("The resumed worker settled nothing in 60 rounds.");
    }
}

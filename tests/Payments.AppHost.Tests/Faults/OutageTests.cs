using Aspire.Hosting.ApplicationModel;
using Payments.Testing;
using Payments.Testing.Faults;

namespace Payments.AppHost.Tests.Faults;

/// <summary>The API and the database server go away under load, and come back.</summary>
[Collection(nameof(FaultySystem))]
public sealed class OutageTests(FaultySystem system, ITestOutputHelper output) : FaultTests(system, output)
{
    private const int PerSecond = 100;

    // Enough to be in full swing, before an outage and after it.
    private const int Swing = 150;

    [Fact]
    public async Task An_API_killed_under_load_leaves_exactly_one_payment_per_key_after_retries()
    {
        var load = await UnderLoadAsync("api-killed", async load =>
        {
            for (var kill = 0; kill < 3; kill++)
            {
                var api = Assert.Single(Application.Replicas("api"));
                ProcessSignals.Kill(api.Pid);
                await StartAgainAsync("api", api);
                await AcceptMoreAsync(load);
            }
        });

        Assert.True(load.Retries > 0, "The kills met no request.");
        await OnePaymentPerKeyAsync(load);
    }

    [Fact]
    public async Task A_database_stopped_and_started_under_load_is_recovered_from_unaided()
    {
        var load = await UnderLoadAsync("database-away", async load =>
        {
            await Application.CommandAsync("postgres", KnownResourceCommands.StopCommand, Cancel);
            await Conditions.UntilAsync(() => load.Retries > 0);
            await Application.CommandAsync("postgres", KnownResourceCommands.StartCommand, Cancel);
            await AcceptMoreAsync(load);
        });

        await OnePaymentPerKeyAsync(load);
    }

    [Fact]
    public async Task A_database_server_that_is_killed_under_load_is_recovered_from_unaided()
    {
        var load = await UnderLoadAsync("database-killed", async load =>
        {
            ProcessSignals.Kill(await ReadAsync<int>(PostmasterSql));
            await StartAgainAsync("postgres", Assert.Single(Application.Replicas("postgres")));
            await AcceptMoreAsync(load);
        });

        await OnePaymentPerKeyAsync(load);
    }

    private async Task<PaymentLoad> UnderLoadAsync(string name, Func<PaymentLoad, Task> outageAsync)
    {
        var load = new PaymentLoad(Client, name, PerSecond, seed: 1);
        using var end = new CancellationTokenSource();
        var running = load.RunAsync(end.Token);

        try
        {
            await AcceptMoreAsync(load);
            await outageAsync(load);
        }
        finally
        {
            await end.CancelAsync();
            await running;
        }

        return load;
    }

    private static Task AcceptMoreAsync(PaymentLoad load)
    {
        var wanted = load.Accepted.Count + Swing;
        return Conditions.UntilAsync(() => load.Accepted.Count >= wanted);
    }

    private async Task OnePaymentPerKeyAsync(PaymentLoad load)
    {
        await AllSettledAsync();
        var keys = load.Accepted.Keys.ToArray();
        var ids = load.Accepted.Values.ToArray();

        Assert.Equal(keys.Length, await ReadAsync<long>(
            "SELECT count(*) FROM payments WHERE idempotency_key = ANY (@keys)", new { keys }));
        Assert.Equal(keys.Length, await ReadAsync<long>(AsAnsweredSql, new { keys, ids }));
        await BooksAreRightAsync();
    }

    private const string PostmasterSql = "SELECT split_part(pg_read_file('postmaster.pid'), chr(10), 1)::int";

    private const string AsAnsweredSql = """
        SELECT count(*) FROM unnest(@keys, @ids) AS accepted (key, id)
        JOIN payments AS p ON p.id = accepted.id AND p.idempotency_key = accepted.key
        """;
}

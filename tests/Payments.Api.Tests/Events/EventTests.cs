using System.Diagnostics;
using Payments.Ledger;

namespace Payments.Api.Tests.Events;

public sealed class EventTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    [Fact]
    public async Task A_created_payment_and_a_settled_one_are_told_to_live_screens()
    {
        await using var stream = await Listener.OpenAsync(fixture.Client);
        await stream.SkipToAsync(": listening");

        await fixture.Client.PayAsync("ACC-LIVE", 1);
        await stream.SkipToAsync("event: payments");
        await stream.SkipToAsync("event: accounts");

        await fixture.Database.ExecuteAsync("NOTIFY " + Database.ChangesChannel);
        await stream.SkipToAsync("event: payments");
        Assert.Equal("data: {}", await stream.NextAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Many_changes_are_at_most_one_event_a_second_and_kind()
    {
        // From before the first event: however late this test hears of them, the third came two seconds after it.
        var started = Stopwatch.GetTimestamp();
        await using var stream = await Listener.OpenAsync(fixture.Client);
        await stream.SkipToAsync(": listening");
        for (var told = 0; told < 3; told++)
        {
            for (var i = 0; i < 25; i++)
            {
                await fixture.Client.PayAsync("ACC-LIVE", 1);
            }

            await stream.SkipToAsync("event: payments");
        }

        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.FromSeconds(1.9), TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task What_another_process_creates_is_told_too()
    {
        await using var other = ApiServer.Start(fixture.Database.AppConnectionString);
        await using var stream = await Listener.OpenAsync(other.Client);
        await stream.SkipToAsync(": listening");

        await fixture.Client.PayAsync("ACC-LIVE", 1);

        await stream.SkipToAsync("event: payments");
    }

    [Fact]
    public async Task A_run_or_a_check_that_somebody_writes_is_told_as_a_change_of_reconciliation()
    {
        await using var stream = await Listener.OpenAsync(fixture.Client);
        await stream.SkipToAsync(": listening");

        await fixture.Database.ExecuteAsync("""
            INSERT INTO reconciliation_reports (id, created_at, run_type, requested_by)
            VALUES (gen_random_uuid(), now(), 'manual', 'tester')
            """);
        await stream.SkipToAsync("event: reconciliation");

        await fixture.Database.ExecuteAsync("""
            INSERT INTO reconciliation_checks (id, report_id, created_at, check_type)
            SELECT gen_random_uuid(), id, now(), 'deposits' FROM reconciliation_reports
            """);
        await stream.SkipToAsync("event: reconciliation");
    }

    [Fact]
    public async Task A_stop_ends_the_streams_at_once()
    {
        await using var api = ApiServer.Start(fixture.Database.AppConnectionString);
        await using var stream = await Listener.OpenAsync(api.Client);
        await stream.SkipToAsync(": listening");

        var started = Stopwatch.GetTimestamp();
        await api.Services.GetRequiredService<IHost>().StopAsync(TestContext.Current.CancellationToken);

        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task A_lost_listener_comes_back_and_tells_that_something_may_have_been_missed()
    {
        await using var stream = await Listener.OpenAsync(fixture.Client);
        await stream.SkipToAsync(": listening");

        Assert.NotEqual(0, await fixture.Database.ScalarAsync<int>(
            """
            SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
            WHERE datname = current_database() AND query LIKE 'LISTEN%'
            """));

        await stream.SkipToAsync("event: payments");
    }

    private sealed class Listener(HttpResponseMessage response, StreamReader reader) : IAsyncDisposable
    {
        public static async Task<Listener> OpenAsync(HttpClient client)
        {
            var response = await client.GetAsync(
                "/events", HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
            Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.ToString());
            var stream = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
            return new Listener(response, new StreamReader(stream));
        }

        public async Task SkipToAsync(string line)
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            patience.CancelAfter(TimeSpan.FromSeconds(20));
            while (await NextAsync(patience.Token) != line)
            {
            }
        }

        public async Task<string> NextAsync(CancellationToken cancel) =>
            await reader.ReadLineAsync(cancel) ?? throw new EndOfStreamException("The stream ended.");

        public ValueTask DisposeAsync()
        {
            reader.Dispose();
            response.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}

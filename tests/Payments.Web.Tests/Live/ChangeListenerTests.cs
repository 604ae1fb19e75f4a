using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Payments.Web.Live;

namespace Payments.Web.Tests.Live;

public sealed class ChangeListenerTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Signals_of_the_stream_reach_those_who_asked_for_their_kind()
    {
        await using var events = await EventStream.StartAsync();
        await using var web = await ListenAsync(events.Address, new ManualClock());
        var payments = Count(web.Feed, Changes.Payments);
        var accounts = Count(web.Feed, Changes.Accounts);

        var connection = await events.NextConnectionAsync();
        await NextAsync(payments);
        await NextAsync(accounts);
        await connection.SendAsync(": keep-alive\n\nevent: unknown\ndata: {}\n\nevent: payments\ndata: {}\n\n");
        await NextAsync(payments);
        await connection.SendAsync("event: accounts\ndata: {}\n\n");
        await NextAsync(accounts);

        Assert.False(payments.TryRead(out _));
        Assert.True(web.Feed.IsLive);
    }

    [Fact]
    public async Task A_stream_that_ends_is_opened_again_and_what_was_missed_is_signalled()
    {
        var clock = new ManualClock();
        await using var events = await EventStream.StartAsync();
        await using var web = await ListenAsync(events.Address, clock);
        var signals = Count(web.Feed, Changes.All);
        var first = await events.NextConnectionAsync();
        await NextAsync(signals);

        first.End();
        await clock.PassAsync(ChangeListener.RetryDelayMin);
        await events.NextConnectionAsync();

        // One signal instead of a poll before the attempt, one because the stream is back.
        await NextAsync(signals);
        await NextAsync(signals);
    }

    [Fact]
    public async Task A_stream_that_falls_silent_is_given_up_and_opened_again()
    {
        var clock = new ManualClock();
        await using var events = await EventStream.StartAsync();
        await using var web = await ListenAsync(events.Address, clock);
        await events.NextConnectionAsync();

        await clock.PassAsync(ChangeListener.SilenceLimit);
        await clock.PassAsync(ChangeListener.RetryDelayMin);

        await events.NextConnectionAsync();
    }

    [Fact]
    public async Task While_the_api_is_down_screens_are_refreshed_before_each_attempt_and_attempts_never_end()
    {
        var clock = new ManualClock();
        await using var web = await ListenAsync(new Uri("http://127.0.0.1:1"), clock);
        var signals = Count(web.Feed, Changes.Payments);

        for (var failures = 1; failures <= 8; failures++)
        {
            await clock.PassAsync(ChangeListener.RetryDelay(failures));
            await NextAsync(signals);
        }

        Assert.False(web.Feed.IsLive);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(4, 8)]
    [InlineData(5, 15)]
    [InlineData(1_000_000, 15)]
    public void The_delay_doubles_up_to_its_limit(int failures, int seconds)
    {
        Assert.Equal(TimeSpan.FromSeconds(seconds), ChangeListener.RetryDelay(failures));
    }

    [Fact]
    public async Task One_screen_that_fails_keeps_no_signal_from_the_others()
    {
        var feed = new ChangeFeed(Microsoft.Extensions.Logging.Abstractions.NullLogger<ChangeFeed>.Instance);
        using var failing = feed.Subscribe(Changes.Payments, () => throw new InvalidOperationException("broken"));
        var signals = Count(feed, Changes.Payments);

        feed.Publish(Changes.Payments);

        Assert.Equal(1, await NextAsync(signals));
    }

    private static Task<T> NextAsync<T>(ChannelReader<T> reader) =>
        reader.ReadAsync(Cancel).AsTask().WaitAsync(TimeSpan.FromSeconds(10), Cancel);

    private static ChannelReader<int> Count(ChangeFeed feed, Changes kinds)
    {
        var signals = Channel.CreateUnbounded<int>();
        _ = feed.Subscribe(kinds, () => signals.Writer.WriteAsync(1).AsTask());
        return signals.Reader;
    }

    private static async Task<Listening> ListenAsync(Uri api, ManualClock clock)
    {
        var host = await TestHost.StartAsync(add: services =>
        {
            services.AddSingleton<TimeProvider>(clock);
            services.AddTransient(_ => new ApiKeyHandler(null));
            services.AddChangeFeed();
            services.AddHttpClient(ChangeListener.ClientName, client => client.BaseAddress = api);
        });
        return new Listening(host);
    }

    private sealed record Listening(TestHost Host) : IAsyncDisposable
    {
        public ChangeFeed Feed => Host.App.Services.GetRequiredService<ChangeFeed>();

        public ValueTask DisposeAsync() => Host.DisposeAsync();
    }

    /// <summary>The API's event stream, one connection at a time in the test's hands.</summary>
    private sealed class EventStream : IAsyncDisposable
    {
        private readonly Channel<Connection> _connections = Channel.CreateUnbounded<Connection>();
        private TestHost _host = null!;

        public Uri Address => _host.Address;

        public static async Task<EventStream> StartAsync()
        {
            var stream = new EventStream();
            stream._host = await TestHost.StartAsync(app => app.MapGet("/events", stream.ServeAsync));
            return stream;
        }

        /// <summary>Takes and answers the next connection: until then, the listener is not connected.</summary>
        public async Task<Connection> NextConnectionAsync()
        {
            var connection = await NextAsync(_connections.Reader);
            await connection.OpenAsync();
            return connection;
        }

        public ValueTask DisposeAsync() => _host.DisposeAsync();

        private async Task ServeAsync(HttpContext context)
        {
            var connection = new Connection(context.Response);
            await _connections.Writer.WriteAsync(connection);
            await connection.Ended.WaitAsync(context.RequestAborted);
        }
    }

    private sealed class Connection(HttpResponse response)
    {
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Ended => _ended.Task;

        public Task OpenAsync()
        {
            response.ContentType = "text/event-stream";
            return response.Body.FlushAsync();
        }

        public Task SendAsync(string text) => response.WriteAsync(text);

        public void End() => _ended.SetResult();
    }
}

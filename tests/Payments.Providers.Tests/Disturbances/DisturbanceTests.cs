using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace Payments.Providers.Tests.Disturbances;

public sealed class DisturbanceTests : SandboxTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task A_shift_moves_the_total_and_leaves_the_users_alone_and_shifts_add_up()
    {
        Flows.Deposit("alice", 10m).Convert("alice", 4m, 4m);

        // Who asks for balances makes it follow the flows; who shifts them does not.
        Assert.Equal("6.00", (await WalletsAsync())["alice"]);

        await Sandbox.DisturbAsync("circle", "shift", new { amount = "25.00" });
        var state = await Sandbox.DisturbAsync("circle", "shift", new { amount = -0.000001m });

        Assert.Equal(("30.999999", "24.999999"), (Text(state, "total"), Text(state, "shift")));
        Assert.Equal(("6.00", "24.999999"), ((await WalletsAsync())["alice"], (await WalletsAsync())["Master Wallet"]));
        Assert.Equal(["0.00", "4.00"], await BuyingPowersAsync());
    }

    [Fact]
    public async Task A_delayed_provider_stays_at_its_moment_and_says_how_old_that_is()
    {
        Flows.Deposit("alice", 10m);
        await Sandbox.DisturbAsync("circle", "delay");
        Flows.Deposit("alice", 5m);

        var state = await UntilAsync("circle", state => state.GetProperty("ageSeconds").GetDouble() > 1);
        var (_, _, answer) = await GetAsync(Sandbox.Circle, "/v1/wallets");

        Assert.Equal(("10.00", true), (Text(state, "total"), state.GetProperty("delayed").GetBoolean()));
        Assert.Equal("10.00", (await WalletsAsync())["alice"]);
        Assert.True(answer.Headers.Age >= TimeSpan.FromSeconds(2), $"Age: {answer.Headers.Age}");
    }

    [Fact]
    public async Task An_undisturbed_answer_is_of_now()
    {
        Flows.Deposit("alice", 10m);

        var (_, _, answer) = await GetAsync(Sandbox.Circle, "/v1/wallets");

        Assert.Null(answer.Headers.Age);
    }

    [Theory]
    [InlineData("error", 503)]
    [InlineData("rate_limit", 429)]
    public async Task A_broken_provider_answers_as_it_was_told_to(string how, int status)
    {
        await Sandbox.DisturbAsync("circle", "break", new { how });
        await Sandbox.DisturbAsync("alpaca", "break", new { how });

        var circle = await GetAsync(Sandbox.Circle, "/v1/wallets");
        var alpaca = await GetAsync(Sandbox.Alpaca, "/v1/accounts");

        Assert.Equal((status, status), (circle.Status, alpaca.Status));
        Assert.Equal(status == 429, alpaca.Answer.Headers.RetryAfter is not null);
    }

    [Fact]
    public async Task A_broken_provider_may_also_stay_silent_or_break_off()
    {
        await Sandbox.DisturbAsync("circle", "break", new { how = "timeout" });
        await Sandbox.DisturbAsync("alpaca", "break", new { how = "truncated" });
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var silent = Sandbox.Circle.GetAsync(new Uri("/v1/wallets", UriKind.Relative), patience.Token);

        await Assert.ThrowsAsync<HttpRequestException>(
            () => Sandbox.Alpaca.GetAsync(new Uri("/v1/accounts", UriKind.Relative), Cancel));

        Assert.False(silent.IsCompleted);
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => silent);
    }

    [Fact]
    public async Task Healing_ends_everything()
    {
        Flows.Deposit("alice", 10m);
        await Sandbox.DisturbAsync("circle", "shift", new { amount = 1 });
        await Sandbox.DisturbAsync("circle", "delay");
        await Sandbox.DisturbAsync("circle", "break");
        Flows.Deposit("alice", 5m);

        await Sandbox.DisturbAsync("circle", "heal");

        Assert.Equal(("15.00", "0.00"), ((await WalletsAsync())["alice"], (await WalletsAsync())["Master Wallet"]));
    }

    [Theory]
    [InlineData("/sandbox/circle/shift", """{"amount":"0"}""", 422)]
    [InlineData("/sandbox/alpaca/shift", """{"amount":"0.001"}""", 422)]
    [InlineData("/sandbox/circle/shift", """{"amount":"much"}""", 400)]
    [InlineData("/sandbox/circle/shift", """{"amount":"1","currency":"EUR"}""", 400)]
    [InlineData("/sandbox/circle/shift", "{}", 400)]
    [InlineData("/sandbox/circle/break", """{"how":"slowly"}""", 400)]
    [InlineData("/sandbox/stripe/heal", "{}", 404)]
    public async Task What_is_no_disturbance_is_refused(string address, string body, int status)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");

        using var answer = await Sandbox.Client.PostAsync(new Uri(address, UriKind.Relative), content, Cancel);

        Assert.Equal(status, (int)answer.StatusCode);
    }

    [Fact]
    public async Task The_state_says_what_is_told_and_what_the_flows_say()
    {
        Flows.Deposit("alice", 10m);
        await WalletsAsync();
        await Sandbox.DisturbAsync("circle", "shift", new { amount = "-2.5" });

        var circle = (await Sandbox.Client.GetFromJsonAsync<JsonElement>("/sandbox", Cancel))
            .GetProperty("providers")[0];

        Assert.Equal(
            ("circle", "USDC", "7.50", "10.00", 1),
            (Text(circle, "provider"), Text(circle, "currency"), Text(circle, "total"), Text(circle, "byTheFlows"),
                circle.GetProperty("users").GetInt32()));
    }

    private async Task<JsonElement> UntilAsync(
        string provider, Func<JsonElement, bool> wanted)
    {
        var clock = TimeProvider.System;
        var started = clock.GetTimestamp();
        while (true)
        {
            var (_, state, _) = await GetAsync(Sandbox.Client, $"/sandbox/{provider}");
            if (wanted(state))
            {
                return state;
            }

            Assert.True(clock.GetElapsedTime(started) < Patience, $"Not so after a minute: {state}");
            await Task.Delay(TimeSpan.FromMilliseconds(100), clock, Cancel);
        }
    }

    private static string? Text(JsonElement state, string member) =>
        state.GetProperty(member).GetString();
}

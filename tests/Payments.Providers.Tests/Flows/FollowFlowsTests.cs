namespace Payments.Providers.Tests.Flows;

public sealed class FollowFlowsTests : SandboxTests
{
    [Fact]
    public async Task Circle_holds_for_each_user_the_deposits_less_what_was_converted()
    {
        Flows.Deposit("alice", 100.5m).Deposit("bob", 7m).Deposit("alice", 0.000001m).Convert("alice", 40m, 39.90m);

        Assert.Equal(
            new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["alice"] = "60.500001",
                ["bob"] = "7.00",
                ["Master Wallet"] = "0.00",
            },
            await WalletsAsync());
    }

    [Fact]
    public async Task Alpaca_holds_what_was_converted_less_the_withdrawals()
    {
        Flows.Deposit("alice", 100m).Convert("alice", 40m, 39.90m).Convert("bob", 5m, 5m).Withdraw("alice", 9.90m);

        Assert.Equal(["0.00", "30.00", "5.00"], await BuyingPowersAsync());
    }

    [Fact]
    public async Task A_balance_that_is_asked_for_has_the_flow_that_was_completed_just_before()
    {
        Flows.Deposit("alice", 1m);
        Assert.Equal("1.00", (await WalletsAsync())["alice"]);

        Flows.Deposit("alice", 2m);

        Assert.Equal("3.00", (await WalletsAsync())["alice"]);
    }

    [Fact]
    public async Task More_flows_than_a_page_holds_are_all_read_at_first_and_later()
    {
        for (var i = 0; i < 250; i++)
        {
            Flows.Deposit("alice", 1m);
        }

        Assert.Equal("250.00", (await WalletsAsync())["alice"]);
        for (var i = 0; i < 250; i++)
        {
            Flows.Deposit("alice", 1m);
        }

        Assert.Equal("500.00", (await WalletsAsync())["alice"]);
        var requests = Flows.Requests;
        Assert.Equal("500.00", (await WalletsAsync())["alice"]);
        Assert.Equal(3, Flows.Requests - requests);
    }

    [Fact]
    public async Task A_sandbox_that_is_started_again_holds_the_same_under_the_same_ids()
    {
        Flows.Deposit("alice", 12.34m).Convert("alice", 2m, 2m);
        var (_, wallets, _) = await GetAsync(Sandbox.Circle, "/v1/wallets");
        var (_, accounts, _) = await GetAsync(Sandbox.Alpaca, "/v1/accounts");

        await using var again = SandboxServer.Start(Flows);

        Assert.Equal(wallets.ToString(), (await GetAsync(again.Circle, "/v1/wallets")).Body.ToString());
        Assert.Equal(accounts.ToString(), (await GetAsync(again.Alpaca, "/v1/accounts")).Body.ToString());
    }

    [Fact]
    public async Task Without_any_look_at_the_flows_no_balance_is_told_rather_than_none()
    {
        Flows.IsDown = true;
        await using var blind = SandboxServer.Start(Flows);

        var (status, body, _) = await GetAsync(blind.Circle, "/v1/wallets");

        Assert.Equal((503, -1), (status, body.GetProperty("code").GetInt32()));
        Assert.Equal(503, (await GetAsync(blind.Alpaca, "/v1/accounts")).Status);
        var (_, state, _) = await GetAsync(blind.Client, "/sandbox");
        Assert.Contains("500", state.GetProperty("flowsError").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_the_flows_cannot_be_read_balances_stay_and_follow_again_afterwards()
    {
        Flows.Deposit("alice", 1m);
        Assert.Equal("1.00", (await WalletsAsync())["alice"]);

        Flows.Deposit("alice", 2m).IsDown = true;
        Assert.Equal("1.00", (await WalletsAsync())["alice"]);
        Flows.IsDown = false;

        Assert.Equal("3.00", (await WalletsAsync())["alice"]);
    }

    [Fact]
    public async Task A_database_that_was_replaced_is_read_from_its_beginning()
    {
        Flows.Deposit("alice", 1m).Convert("alice", 1m, 1m);
        Assert.Equal("0.00", (await WalletsAsync())["alice"]);

        Flows.StartsOver().Deposit("bob", 2m);
        await WalletsAsync();

        Assert.Equal(
            new Dictionary<string, string>(StringComparer.Ordinal) { ["bob"] = "2.00", ["Master Wallet"] = "0.00" },
            await WalletsAsync());
    }
}

using System.Net;
using System.Security.Claims;
using Microsoft.AspNetCore.Components.Authorization;
using Payments.Web.SignIn;

namespace Payments.Web.Tests.SignIn;

public sealed class OperatorKeyHandlerTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_an_operator_nothing_is_sent_and_the_screen_is_told_to_sign_in()
    {
        var api = new FakeApi();

        var (_, problem) = await ApiFor(new ClaimsPrincipal(new ClaimsIdentity()), api)
            .GetBalanceAsync("ACC-001", null, Cancel);

        Assert.Equal((HttpStatusCode.Unauthorized, "not_signed_in"), (problem!.Status, problem.Code));
        Assert.Empty(api.Received);
    }

    [Fact]
    public async Task The_operator_s_key_goes_with_every_call()
    {
        var api = new FakeApi().Answers(
            "/accounts/ACC-001/balance",
            """
            {"accountId":"ACC-001","balance":1.00,"pending":0.00,"available":1.00,"currency":"USD","version":1,
             "asOf":"2026-03-01T10:00:00Z"}
            """);

        await ApiFor(Operator.Of("alice", "pay_of-alice", "test"), api).GetBalanceAsync("ACC-001", null, Cancel);

        Assert.True(api.Received.TryDequeue(out var received));
        Assert.Equal("Bearer pay_of-alice", received.Request.Headers.Authorization!.ToString());
    }

    private static PaymentsApi ApiFor(ClaimsPrincipal user, FakeApi api) => new(
        new HttpClient(new OperatorKeyHandler(new SignedInAs(user), api)) { BaseAddress = new Uri("http://api") });

    private sealed class SignedInAs(ClaimsPrincipal user) : AuthenticationStateProvider
    {
        public override Task<AuthenticationState> GetAuthenticationStateAsync() =>
            Task.FromResult(new AuthenticationState(user));
    }
}

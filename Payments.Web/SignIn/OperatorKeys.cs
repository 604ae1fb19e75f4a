namespace Payments.Web.SignIn;

/// <summary>Asks the API about a key that somebody wants to sign in with.</summary>
internal sealed class OperatorKeys(IHttpClientFactory clients, ILogger<PaymentsApi> log)
{
    /// <summary>The API under the key of whoever makes a request, for endpoints that are no screens.</summary>
    public PaymentsApi ApiOf(HttpContext context) =>
        ApiUnder(Operator.KeyOf(context.User) ?? throw new InvalidOperationException("Nobody is signed in."));

    /// <summary>The key's owner, or the API's problem: 401 where no good key is this one.</summary>
    public Task<Answer<OperatorKey>> FindAsync(string key, CancellationToken cancel) =>
        ApiUnder(key).GetCurrentKeyAsync(cancel);

    private PaymentsApi ApiUnder(string key)
    {
        var client = clients.CreateClient(ApiAccess.ClientName);
        client.DefaultRequestHeaders.Authorization = new("Bearer", key);
        return ApiAccess.Over(client, log);
    }
}

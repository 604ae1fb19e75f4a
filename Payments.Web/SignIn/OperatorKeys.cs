namespace Payments.Web.SignIn;

/// <summary>Whose key it is, as the API knows it.</summary>
public sealed record OperatorKey(string Owner, DateTimeOffset? ExpiresAt = null);

/// <summary>Asks the API about a key that somebody wants to sign in with.</summary>
internal sealed class OperatorKeys(IHttpClientFactory clients, ILogger<PaymentsApi> log)
{
    /// <summary>The key's owner, or the API's problem: 401 where no good key is this one.</summary>
    public async Task<Answer<OperatorKey>> FindAsync(string key, CancellationToken cancel)
    {
        using var client = clients.CreateClient(ApiAccess.ClientName);
        client.DefaultRequestHeaders.Authorization = new("Bearer", key);
        return await new PaymentsApi(client, log).GetCurrentKeyAsync(cancel);
    }
}

using Microsoft.Extensions.DependencyInjection;

namespace Payments.ServiceDefaults;

/// <summary>For the clients to which the policy of outgoing calls does not apply.</summary>
public static class PlainCalls
{
    /// <summary>
    /// Takes the policy off a client. A person who waits is told at once and decides what to repeat, a body that is
    /// passed on cannot be sent twice, an answer that never ends is not late, and what is asked every second need not
    /// be repeated.
    /// </summary>
    public static IHttpClientBuilder WithoutResilience(this IHttpClientBuilder client) => client
        .ConfigureAdditionalHttpMessageHandlers((handlers, _) =>
        {
            for (var i = handlers.Count - 1; i >= 0; i--)
            {
                if (handlers[i].GetType().Namespace == "Microsoft.Extensions.Http.Resilience")
                {
                    handlers.RemoveAt(i);
                }
            }
        });
}

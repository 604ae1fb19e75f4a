using Microsoft.AspNetCore.Authorization;

namespace Payments.Api.Keys;

/// <summary>What an API key may be used for. A scope's name is also the name of the policy that demands it.</summary>
internal static class Scopes
{
    public const string PaymentsWrite = "payments:write";

    public const string PaymentsRead = "payments:read";

    public const string ReconciliationAdmin = "reconciliation:admin";

    /// <summary>Pausing and resuming the queue, and redriving dead letters.</summary>
    public const string QueueAdmin = "queue:admin";

    public const string AuditRead = "audit:read";

    public static IReadOnlyList<string> All { get; } =
        [PaymentsWrite, PaymentsRead, ReconciliationAdmin, QueueAdmin, AuditRead];

    public static void AddPolicies(AuthorizationOptions options)
    {
        foreach (var scope in All)
        {
            options.AddPolicy(scope, policy => policy.RequireAssertion(
                context => context.User is Caller caller && caller.Key.Scopes.Contains(scope)));
        }

        // An endpoint that names no scope, and an address without an endpoint, still need a key.
        options.FallbackPolicy = new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build();
    }
}

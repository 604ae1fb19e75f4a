namespace Payments.Api.Idempotency;

/// <summary>
/// What a key belongs to: keys of different owners, and of different routes, never meet. Rotating an API key does not
/// change its owner.
/// </summary>
/// <param name="Route">Method and route template, such as <c>POST /payments/{id}/cancel</c>.</param>
internal readonly record struct KeyScope(int OwnerId, string Route, string Key);

/// <summary>The key that a request presents, and what makes a repetition of it the same request.</summary>
internal sealed record RequestKey(KeyScope Scope, byte[] Fingerprint);

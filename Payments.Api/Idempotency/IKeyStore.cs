using Npgsql;

namespace Payments.Api.Idempotency;

/// <summary>
/// Where keys are kept: on the row that a request creates, for ever, or in a table of their own, for some days.
/// </summary>
internal interface IKeyStore
{
    /// <summary>
    /// Takes the key for this transaction; null when it was free. Waits for another transaction that holds it, as long
    /// as the session's <c>lock_timeout</c> lets it, and then fails with SQLSTATE 55P03.
    /// </summary>
    Task<TakenKey?> ClaimAsync(
        RequestKey requestKey, NpgsqlTransaction transaction, CancellationToken cancel);

    /// <summary>Keeps the answer with the key that this transaction took.</summary>
    Task FinishAsync(
        RequestKey requestKey, FinishedAnswer answer, NpgsqlTransaction transaction, CancellationToken cancel);
}

namespace Recon.Worker.Reconciliation.Checks;

/// <summary>
/// An entry that a transaction lists, with the transaction and with what it settles; columns in this order. A row
/// without an account is of something settled that has no transaction.
/// </summary>
/// <param name="Kind">The transaction's; null when there is none.</param>
/// <param name="IsDecided">
/// Of an adjustment or a reversal: whether one that was decided, or the end of a withdrawal, has its id.
/// </param>
/// <param name="SettledKind">payment, transfer or refund: what has the transaction's id; null when nothing has.</param>
/// <param name="PaymentId">The payment, also of a refund.</param>
/// <param name="Credited">Name of the account that should be paid; clearing stands for all of its parts.</param>
/// <param name="Amount">Null when the entry is not there.</param>
/// <param name="EntryTransactionId">The transaction that the entry says it belongs to.</param>
internal sealed record ListedEntry(
    Guid Id,
    string? Kind,
    bool? IsDecided,
    string? SettledKind,
    string? Status,
    bool? IsSettled,
    long? SettledAmount,
    string? SettledCurrency,
    Guid? PaymentId,
    string? Credited,
    string? Debited,
    long? ListedAccountId,
    long? ListedPosition,
    string? AccountName,
    string? AccountCurrency,
    long? Amount,
    Guid? EntryTransactionId)
{
    public long AccountId => ListedAccountId ?? 0;

    public long Position => ListedPosition ?? 0;

    /// <summary>The entry's account and position, as in <c>ACC-001, position 7</c>.</summary>
    public string Place => EntryPlace.Text(AccountName, AccountId, Position);

    /// <summary>What the settled payment or refund says that the entry should be; null when it says nothing.</summary>
    public decimal? AmountBySettled =>
        SettledAmount is not { } amount || AccountCurrency != SettledCurrency ? null
        : IsAccount(Credited) ? amount
        : IsAccount(Debited) ? -(decimal)amount
        : null;

    private bool IsAccount(string? name) => name is not null && AccountName is not null
        && (AccountName == name
            || (name == "clearing" && AccountName.StartsWith("clearing/", StringComparison.Ordinal)));
}

internal static class EntryPlace
{
    public static string Text(string? accountName, long accountId, long position) => FormattableString.Invariant(
        $"entry {position} of {accountName ?? $"account {accountId}"}");

    /// <summary>As in the keys of breaks and the ids of entries over HTTP.</summary>
    public static string Id(long accountId, long position) => FormattableString.Invariant($"{accountId}-{position}");
}

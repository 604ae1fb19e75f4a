namespace Payments.Ledger.Accounts;

/// <summary>
/// An account whose row this transaction holds locked, so that its balance is the current one until the commit.
/// Postings are added in order; the row is written once, with what the last of them left.
/// </summary>
public sealed class LockedAccount(long id, long balance, long position, long? minimumBalance, DateTime lastEntryAt)
{
    public long Id { get; } = id;

    /// <summary>Minor units, credit-positive, including what was posted since the lock.</summary>
    public long Balance { get; private set; } = balance;

    /// <summary>Position of the last entry, including what was posted since the lock.</summary>
    public long Position { get; private set; } = position;

    /// <summary>When the entry before the lock was posted, UTC.</summary>
    public DateTime LastEntryAt { get; } = lastEntryAt;

    /// <summary>Whether what leaves the account depends on what is in it.</summary>
    public bool HasMinimum => minimumBalance is not null;

    /// <summary>
    /// Whether <paramref name="amount"/> minor units can be taken without breaking the minimum balance.
    /// </summary>
    public bool CanPay(long amount) => minimumBalance is null || checked(Balance - amount) >= minimumBalance;

    /// <summary>
    /// What of the balance may leave the account: all above its minimum balance, and above zero where it has none.
    /// </summary>
    /// <param name="promised">
    /// Minor units that are to leave it already, and are not posted yet: a sum, which may be more than any balance.
    /// </param>
    public decimal Free(decimal promised) => Balance - promised - (minimumBalance ?? 0);

    /// <summary>Adds one entry and returns its position.</summary>
    /// <exception cref="OverflowException">
    /// The balance would leave the range of a 64-bit number; nothing is added.
    /// </exception>
    internal long Post(long amount)
    {
        Balance = checked(Balance + amount);
        return ++Position;
    }
}

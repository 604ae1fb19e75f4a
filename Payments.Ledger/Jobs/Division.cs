using System.Text;

namespace Payments.Ledger.Jobs;

/// <summary>
/// The part of the queue that a job belongs to. Jobs that pay into one account share a division, so a worker that
/// settles a division never waits for another worker's account rows.
/// </summary>
public static class Division
{
    public const int Count = 64;

    /// <summary>
    /// The division of payments into an account, 0 to 63: FNV-1a (32 bits) of the name's UTF-8 bytes, folded.
    /// It is stored on the job, so it may never change for names in use while jobs of both kinds are open.
    /// </summary>
    /// <remarks>Fowler, Noll and Vo: draft-eastlake-fnv, section 2.</remarks>
    public static short Of(string payeeAccount)
    {
        Span<byte> bytes = stackalloc byte[Encoding.UTF8.GetMaxByteCount(Accounts.AccountName.MaxLength)];
        var length = Encoding.UTF8.GetBytes(payeeAccount, bytes);

        var hash = 2166136261u;
        foreach (var b in bytes[..length])
        {
            hash = unchecked((hash ^ b) * 16777619u);
        }

        return (short)((hash ^ (hash >> 16)) % Count);
    }
}

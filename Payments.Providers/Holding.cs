using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Payments.Providers;

/// <summary>What a provider holds for one user.</summary>
/// <param name="User">The account's name in the books.</param>
/// <param name="Since">The time of the user's first flow.</param>
internal sealed record Holding(string User, decimal Amount, DateTimeOffset Since)
{
    // Of the name alone, so that a wallet keeps its id over restarts.
    private byte[] Hash => SHA256.HashData(Encoding.UTF8.GetBytes(User));

    /// <summary>Ten digits, as Circle's wallets have.</summary>
    public string WalletId =>
        FormattableString.Invariant($"{1_000_000_000 + (BinaryPrimitives.ReadUInt64BigEndian(Hash) % 9_000_000_000)}");

    public Guid AccountId => new(Hash.AsSpan(0, 16));
}

/// <summary>Everything that a provider holds, and the moment of which that is.</summary>
internal sealed record Holdings(IReadOnlyList<Holding> All, DateTimeOffset AsOf)
{
    public decimal Total => All.Sum(holding => holding.Amount);
}

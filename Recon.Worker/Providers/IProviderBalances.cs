using Payments.Ledger.Providers;

namespace Recon.Worker.Providers;

/// <summary>Reads the total of one external provider; implemented over HTTP for each.</summary>
internal interface IProviderBalances
{
    Provider Provider { get; }

    /// <summary>Whether there is an address and there are credentials to read with.</summary>
    bool IsConfigured { get; }

    /// <summary>Reads all wallets or accounts and adds them up.</summary>
    /// <exception cref="ProviderFailedException">There is no total to be had now.</exception>
    Task<ProviderTotal> ReadTotalAsync(CancellationToken cancel);
}

/// <param name="Minor">Minor units of the provider's currency, exact: a fraction of one is kept.</param>
/// <param name="AsOf">The oldest moment of which any part of the total is.</param>
internal sealed record ProviderTotal(decimal Minor, DateTimeOffset AsOf);

/// <summary>Why a provider's total could not be read, as a sentence that holds no secret.</summary>
internal sealed class ProviderFailedException(string message, Exception? inner = null) : Exception(message, inner);

using Payments.Ledger.Providers;

namespace Recon.Worker.Providers;

/// <summary>Adds up the parts of a provider's total; safe to be used by several readers at once.</summary>
internal sealed class ProviderSum(Provider provider, ProviderClient client)
{
    private readonly Lock _lock = new();

    private decimal _sum;
    private DateTimeOffset? _asOf;

    /// <summary>Notes of which moment an answer was; the oldest counts for all.</summary>
    public void Saw(DateTimeOffset asOf)
    {
        lock (_lock)
        {
            _asOf = _asOf < asOf ? _asOf : asOf;
        }
    }

    /// <param name="whose">The wallet or account, for the sentence that refuses.</param>
    public void Add(string? amount, string whose)
    {
        if (!DecimalText.TryRead(amount, out var value))
        {
            throw client.Failed($"tells an amount of {whose} that is not a decimal that can be kept exactly.");
        }

        lock (_lock)
        {
            _sum += value;
            if (Math.Abs(_sum) > DecimalText.Largest)
            {
                throw client.Failed($"tells amounts that add up to more than can be kept exactly.");
            }
        }
    }

    public ProviderTotal Total => new(_sum * provider.Currency.MinorPerMajor, _asOf!.Value);
}

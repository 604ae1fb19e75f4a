using Payments.Ledger.Providers;

namespace Recon.Worker.Providers;

/// <summary>
/// What is known of a provider's total just now. Only <see cref="Current"/> may be compared with the books; all
/// others are inconclusive, and their <see cref="InconclusiveSince"/> says for how long.
/// </summary>
internal abstract record ProviderBalance(Provider Provider)
{
    /// <summary>
    /// Since when no reading has brought a current balance; null when this one did, or when nobody asks the provider.
    /// Longer than <see cref="ProviderPolicy.InconclusiveExceptionAfter"/> is an exception.
    /// </summary>
    public virtual DateTimeOffset? InconclusiveSince => null;

    /// <summary>Why nothing can be said, in a sentence; null when something can.</summary>
    public virtual string? Inconclusive => null;

    /// <summary>The total at a moment between <paramref name="AsOf"/> and <paramref name="ReadAt"/>.</summary>
    /// <param name="Total">
    /// In the provider's sign, minor units of its currency; exact, so it may have a fraction of a minor unit.
    /// </param>
    /// <param name="ReadAt">
    /// When the last answer had arrived. What the books moved after <paramref name="AsOf"/> may be in it or not.
    /// </param>
    public sealed record Current(Provider Provider, decimal Total, DateTimeOffset AsOf, DateTimeOffset ReadAt)
        : ProviderBalance(Provider);

    /// <summary>The provider answered, but with data older than <see cref="ProviderPolicy.MaximumAge"/>.</summary>
    public sealed record Stale(
        Provider Provider, decimal Total, DateTimeOffset AsOf, TimeSpan Age, DateTimeOffset Since)
        : ProviderBalance(Provider)
    {
        public override DateTimeOffset? InconclusiveSince => Since;

        public override string? Inconclusive => FormattableString.Invariant(
            $"The data of {Provider.Title} are {Age.TotalSeconds:0} seconds old.");
    }

    /// <summary>The provider is down, refuses, or answers what cannot be read.</summary>
    /// <param name="Reason">A sentence, without secrets.</param>
    public sealed record Unavailable(Provider Provider, string Reason, DateTimeOffset Since)
        : ProviderBalance(Provider)
    {
        public override DateTimeOffset? InconclusiveSince => Since;

        public override string? Inconclusive => Reason;
    }

    /// <summary>No address and credentials are set, so nobody asks; this never ages into an exception.</summary>
    public sealed record NotConfigured(Provider Provider) : ProviderBalance(Provider)
    {
        public override string? Inconclusive => FormattableString.Invariant(
            $"{Provider.Title} is not configured: Providers:{Provider.Title}:BaseUrl is not set.");
    }
}

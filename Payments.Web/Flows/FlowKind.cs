using Payments.Web.Payments;

namespace Payments.Web.Flows;

/// <summary>One of the three kinds of flows, and how the screens speak of it.</summary>
/// <param name="Path">The last part of its address, here and in the API.</param>
/// <param name="Name">As in "New deposit".</param>
/// <param name="Currency">Of the amount that is entered.</param>
/// <param name="Open">The status of one that has not ended.</param>
/// <param name="IsEnded">Whether people end it; a worker does otherwise.</param>
/// <param name="Note">What its creation does.</param>
/// <param name="Completing">What its completion says has happened.</param>
public sealed record FlowKind(
    string Path, string Name, string Currency, string Open, bool IsEnded, string Note, string Completing)
{
    public static FlowKind Deposit { get; } = new(
        "deposits", "deposit", "USDC", "pending", IsEnded: true,
        "Nothing is posted until it is completed.", "Has it arrived? It is posted to the account.");

    public static FlowKind Conversion { get; } = new(
        "conversions", "conversion", "USDC", "pending", IsEnded: false,
        "Executed in a moment, if the account has as much.", "");

    public static FlowKind Withdrawal { get; } = new(
        "withdrawals", "withdrawal", "USD", "reserved", IsEnded: true,
        "Taken from the account at once, if it has as much.", "Was it paid out? It leaves the books.");

    public static IReadOnlyList<FlowKind> All { get; } = [Deposit, Conversion, Withdrawal];

    /// <summary>Null when no kind has this address; without one, deposits.</summary>
    public static FlowKind? Of(string? path) =>
        string.IsNullOrEmpty(path) ? Deposit : All.FirstOrDefault(kind => kind.Path == path);

    public static implicit operator FlowRoute(FlowKind kind) => new(kind.Path);

    public string Title => StatusText.Sentence(Path);

    public bool IsConversion => this == Conversion;

    public IReadOnlyList<string> Statuses => [Open, PaymentStatus.Completed, PaymentStatus.Failed];
}

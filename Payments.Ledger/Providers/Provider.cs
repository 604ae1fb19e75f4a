using System.Diagnostics.CodeAnalysis;

namespace Payments.Ledger.Providers;

/// <summary>
/// An external party that holds money for the users, and what of the books its total must agree with.
/// </summary>
public sealed record Provider
{
    private Provider(string name, string title, Currency currency, string ledgerAccount, string checkType)
    {
        Name = name;
        Title = title;
        Currency = currency;
        LedgerAccount = ledgerAccount;
        CheckType = checkType;
    }

    /// <summary>Holds the users' USDC, in a wallet for each.</summary>
    public static Provider Circle { get; } = new(
        "circle", "Circle", Currency.Get("USDC"), "usdc_buffer", Reconciliation.CheckType.CircleBalance);

    /// <summary>Holds the users' dollars, in a brokerage account for each.</summary>
    public static Provider Alpaca { get; } = new(
        "alpaca", "Alpaca", Currency.Usd, "fiat_exposure", Reconciliation.CheckType.AlpacaBalance);

    public static IReadOnlyList<Provider> All { get; } = [Circle, Alpaca];

    /// <summary>As in tables, addresses and settings.</summary>
    public string Name { get; }

    /// <summary>As people write it.</summary>
    public string Title { get; }

    public Currency Currency { get; }

    /// <summary>
    /// The system account, in <see cref="Currency"/>, that mirrors the provider's total. It is debited when money
    /// arrives there, so its stored, credit-positive balance is the total with the opposite sign.
    /// </summary>
    public string LedgerAccount { get; }

    public string CheckType { get; }

    public static bool TryGet(string name, [NotNullWhen(true)] out Provider? provider)
    {
        provider = All.FirstOrDefault(one => one.Name == name);
        return provider is not null;
    }

    /// <summary>The provider's total that a stored balance of <see cref="LedgerAccount"/> stands for.</summary>
    public static decimal TotalOf(decimal storedBalance) => -storedBalance;

    public override string ToString() => Name;
}

using System.Buffers;
using System.Globalization;

namespace Payments.Ledger.Accounts;

/// <summary>The rules for names of accounts, and the names that the system keeps for itself.</summary>
public static class AccountName
{
    /// <summary>Longest name a caller may give, in characters.</summary>
    public const int MaxLength = 64;

    /// <summary>
    /// How many sub-accounts the clearing account of a currency has: one for each division of the queue.
    /// </summary>
    public const int ClearingCount = Jobs.Division.Count;

    /// <summary>The clearing account, as reports show it: the sum of its sub-accounts.</summary>
    public const string Clearing = "clearing";

    /// <summary>USDC that is held for the holders, at a provider.</summary>
    public const string UsdcBuffer = "usdc_buffer";

    /// <summary>USD that holders have to spend, at a provider.</summary>
    public const string FiatExposure = "fiat_exposure";

    /// <summary>USD that was taken from holders and is not paid out yet.</summary>
    public const string WithdrawalsPending = "withdrawals_pending";

    /// <summary>What is posted and cannot be placed.</summary>
    public const string Suspense = "suspense";

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:@-");

    private static readonly HashSet<string> Reserved = new(StringComparer.OrdinalIgnoreCase)
    {
        Clearing, Suspense, UsdcBuffer, FiatExposure, WithdrawalsPending,
    };

    /// <summary>
    /// Whether a caller may use the name: 1 to 64 letters, digits and <c>. _ : @ -</c>, a letter or digit first.
    /// A slash is not among them, so no caller's account can be mistaken for <c>clearing/07</c>.
    /// </summary>
    public static bool IsValid(string name) =>
        name.Length is > 0 and <= MaxLength
        && char.IsAsciiLetterOrDigit(name[0])
        && !name.AsSpan().ContainsAnyExcept(Allowed);

    /// <summary>Whether the name belongs to a system account, in any capitalisation.</summary>
    public static bool IsReserved(string name) => Reserved.Contains(name);

    /// <summary>Whether the account is the system's: one of its names, or a part of clearing.</summary>
    public static bool IsSystem(string name) => IsReserved(name) || name.Contains('/', StringComparison.Ordinal);

    /// <summary>
    /// The side that an account is shown on. What the system owes, as to holders, is on the credit side; what it holds
    /// or is owed is on the other.
    /// </summary>
    public static string NormalBalanceOf(string name) =>
        IsSystem(name) && name != WithdrawalsPending ? "debit" : "credit";

    /// <summary>
    /// The clearing sub-account that payments of one division are drawn on, such as <c>clearing/07</c>.
    /// </summary>
    public static string ClearingOf(int division) => ClearingNames[division];

    private static readonly string[] ClearingNames =
        [.. Enumerable.Range(0, ClearingCount)
            .Select(i => string.Create(CultureInfo.InvariantCulture, $"{Clearing}/{i:00}"))];
}

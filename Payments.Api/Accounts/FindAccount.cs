using System.Globalization;
using Dapper;
using Payments.Ledger;
using Payments.Ledger.Accounts;

namespace Payments.Api.Accounts;

/// <summary>
/// Finds an account by name and currency. <c>clearing</c> stands for all of its sub-accounts; one of them is
/// <c>clearing/07</c>, in an address <c>clearing%2F07</c>.
/// </summary>
internal sealed class FindAccount(ReadSessions sessions)
{
    private static readonly string[] ClearingNames =
        [.. Enumerable.Range(0, AccountName.ClearingCount).Select(AccountName.ClearingOf)];

    /// <summary>The rows of one account: one, or those of the parts of <c>clearing</c>.</summary>
    /// <param name="name">As it stands in the address, where only the slash is still escaped.</param>
    /// <param name="currencyCode">Null: USD if the account exists in it, else its only currency.</param>
    public async Task<(Problem? Problem, IReadOnlyList<AccountRow> Rows)> ExecuteAsync(
        string name, string? currencyCode, CancellationToken cancel)
    {
        name = Unescape(name);
        if (currencyCode is not null && !Currency.TryGet(currencyCode, out _))
        {
            return (Problems.InvalidParameters(ProblemError.Of(
                "currency", "unknown_currency", "must be an ISO 4217 code in capitals, or USDC")), []);
        }

        if (name.Length > AccountName.MaxLength || name.Contains('\0', StringComparison.Ordinal))
        {
            return (NotFound, []);
        }

        await using var connection = await sessions.OpenAsync(cancel);
        var names = name == AccountName.Clearing ? ClearingNames : [name];
        var rows = (await connection.QueryAsync<AccountRow>(
            new CommandDefinition(FindSql, new { names, currencyCode }, cancellationToken: cancel))).AsList();
        return Choose(rows);
    }

    /// <summary>A slash is the one character that stays escaped in a path; no name contains a percent sign.</summary>
    public static string Unescape(string name) => name.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);

    private static (Problem? Problem, IReadOnlyList<AccountRow> Rows) Choose(List<AccountRow> rows)
    {
        var currencies = rows.Select(row => row.Currency)
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        var currency = currencies switch
        {
            [] => null,
            [var only] => only,
            _ when currencies.Contains("USD") => "USD",
            _ => "",
        };
        return currency switch
        {
            null => (NotFound, []),
            "" => (Problems.InvalidParameters(ProblemError.Of(
                "currency", "required", "must be one of " + string.Join(", ", currencies))), []),
            _ => (null, rows.FindAll(row => row.Currency == currency)),
        };
    }

    private static Problem NotFound { get; } =
        new(ProblemTypes.AccountNotFound, "No account has this name and currency.");

    private const string FindSql = """
        SELECT id, name, currency, normal_balance, balance, position, system, minimum_balance, opened_at,
            nullif(last_entry_at, '-infinity') AS last_entry_at
        FROM accounts
        WHERE name = ANY (@names) AND (@currencyCode::text IS NULL OR currency = @currencyCode)
        ORDER BY id
        """;
}

/// <summary>An account as it is stored; columns in this order.</summary>
internal sealed record AccountRow(
    long Id, string Name, string Currency, string NormalBalance, long Balance, long Position, bool System,
    long? MinimumBalance, DateTimeOffset OpenedAt, DateTimeOffset? LastEntryAt)
{
    /// <summary>Stored credit-positive; the normal balance only turns the sign that is shown.</summary>
    public decimal Show(long minor) => Show((decimal)minor);

    /// <summary>
    /// The same of any size: one account's balance is a 64-bit number, and the sum over several, or over what is queued
    /// or wrong, need not be.
    /// </summary>
    public decimal Show(decimal minor) =>
        // Subtracted, since a zero that is negated keeps its sign.
        Ledger.Currency.UnitsOf(Currency, NormalBalance == "debit" ? 0 - minor : minor);

    public decimal? Show(long? minor) => minor is { } amount ? Show(amount) : null;

    /// <summary>How much it is, whichever way it goes.</summary>
    public decimal ShowSize(decimal minor) => Ledger.Currency.UnitsOf(Currency, Math.Abs(minor));

    public AccountAnswer ToAnswer() => new(
        Id.ToString(CultureInfo.InvariantCulture), Name, Currency, Show(Balance), Show(MinimumBalance), Position,
        OpenedAt, LastEntryAt);
}

using Dapper;
using Npgsql;
using Payments.Ledger.Audit;

namespace Payments.Api.Accounts;

/// <summary>Every way the opening of an account can end.</summary>
internal abstract record OpenAccountResult
{
    public sealed record Opened(AccountRow Account) : OpenAccountResult;

    /// <summary>It was open already, with the same settings: a repetition.</summary>
    public sealed record Existed(AccountRow Account) : OpenAccountResult;

    /// <summary>It is open with other settings, which stay as they are.</summary>
    public sealed record Differs : OpenAccountResult;
}

/// <summary>
/// Opens an account with its settings. Its name and currency are its key: opened twice with the same settings it is
/// opened once, and settings are never changed, since transfers are queued by them.
/// </summary>
internal sealed class OpenAccount(AuditLog audit)
{
    /// <summary>Within the open transaction.</summary>
    public async Task<OpenAccountResult> ExecuteAsync(
        NpgsqlConnection connection, OpenAccountRequest request, AuditActor actor, CancellationToken cancel)
    {
        var parameters = new
        {
            name = request.AccountId,
            currency = request.Currency.Code,
            minimum = request.MinimumBalance?.Minor,
        };
        if (await connection.QuerySingleOrDefaultAsync<AccountRow>(
            new CommandDefinition(OpenSql, parameters, cancellationToken: cancel)) is { } opened)
        {
            var opening = new AuditEvent(actor, "account.opened", "account", opened.Name)
            {
                Account = opened.Name,
                Currency = opened.Currency,
                Details = new { minimumBalance = request.MinimumBalance?.ToDecimal() },
            };
            await audit.RecordAsync(connection, opening, cancel);
            return new OpenAccountResult.Opened(opened);
        }

        // A statement of its own: the one above may have waited for another's row, which its snapshot cannot see.
        var account = await connection.QuerySingleAsync<AccountRow>(
            new CommandDefinition(FindSql, parameters, cancellationToken: cancel));
        return account.MinimumBalance == request.MinimumBalance?.Minor
            ? new OpenAccountResult.Existed(account)
            : new OpenAccountResult.Differs();
    }

    private const string OpenSql = """
        INSERT INTO accounts (name, currency, minimum_balance)
        VALUES (@name, @currency, @minimum)
        ON CONFLICT ON CONSTRAINT accounts_name_currency_key DO NOTHING
        RETURNING id, name, currency, normal_balance, balance, position, system, minimum_balance, opened_at,
            nullif(last_entry_at, '-infinity') AS last_entry_at
        """;

    private const string FindSql = """
        SELECT id, name, currency, normal_balance, balance, position, system, minimum_balance, opened_at,
            nullif(last_entry_at, '-infinity') AS last_entry_at
        FROM accounts
        WHERE name = @name AND currency = @currency
        """;
}

using System.Collections.Concurrent;
using Dapper;
using Npgsql;

namespace Payments.Ledger.Accounts;

/// <summary>
/// What names an account to the outside; the same name in two currencies is two accounts of one holder.
/// </summary>
public readonly record struct AccountKey(string Name, string Currency);

/// <summary>
/// Knows the ids of accounts by name and currency, and opens those that do not exist. An id never changes and an
/// account is never deleted, so what was found once is remembered.
/// </summary>
public sealed class AccountDirectory(NpgsqlDataSource database)
{
    // About 20 MB of names at the most; past this it starts again from nothing.
    private const int RememberedLimit = 200_000;

    private readonly ConcurrentDictionary<AccountKey, long> _remembered = new();

    /// <summary>The id of each account, opened in a transaction of its own if it did not exist.</summary>
    public async Task<IReadOnlyDictionary<AccountKey, long>> FindOrOpenAsync(
        IReadOnlySet<AccountKey> keys, CancellationToken cancel)
    {
        if (_remembered.Count > RememberedLimit)
        {
            _remembered.Clear();
        }

        // Held on to, whatever is forgotten while the others are being opened.
        var found = new Dictionary<AccountKey, long>(keys.Count);
        foreach (var key in keys)
        {
            if (_remembered.TryGetValue(key, out var id))
            {
                found[key] = id;
            }
        }

        if (found.Count < keys.Count)
        {
            await using var connection = await database.OpenConnectionAsync(cancel);
            var unknown = keys.Where(key => !found.ContainsKey(key)).ToArray();
            foreach (var (key, id) in await FindOrOpenAsync(connection, unknown, cancel))
            {
                found[key] = _remembered[key] = id;
            }
        }

        return found;
    }

    /// <summary>Forgets everything, for when the database turns out not to be the one that was remembered.</summary>
    public void Forget() => _remembered.Clear();

    /// <summary>
    /// The id of each account, opened in the connection's open transaction if it did not exist. To be called before
    /// that transaction locks any account, as one that opens the same may have to be waited for.
    /// </summary>
    public static async Task<IReadOnlyDictionary<AccountKey, long>> FindOrOpenAsync(
        NpgsqlConnection connection, IReadOnlyCollection<AccountKey> keys, CancellationToken cancel)
    {
        var parameters = new
        {
            names = keys.Select(key => key.Name).ToArray(),
            currencies = keys.Select(key => key.Currency).ToArray(),
            systems = keys.Select(key => AccountName.IsSystem(key.Name)).ToArray(),
            sides = keys.Select(key => AccountName.NormalBalanceOf(key.Name)).ToArray(),
        };
        await connection.ExecuteAsync(new CommandDefinition(OpenSql, parameters, cancellationToken: cancel));
        var opened = await connection.QueryAsync<AccountId>(
            new CommandDefinition(FindSql, parameters, cancellationToken: cancel));
        return opened.ToDictionary(account => new AccountKey(account.Name, account.Currency), account => account.Id);
    }

    // Sorted by name, so that two workers opening the same accounts queue instead of deadlocking.
    private const string OpenSql = """
        INSERT INTO accounts (name, currency, system, normal_balance)
        SELECT k.name, k.currency, k.system, k.side
        FROM unnest(@names, @currencies, @systems, @sides) AS k (name, currency, system, side)
        WHERE NOT EXISTS (SELECT FROM accounts AS a WHERE a.name = k.name AND a.currency = k.currency)
        ORDER BY k.name, k.currency
        ON CONFLICT ON CONSTRAINT accounts_name_currency_key DO NOTHING
        """;

    // A statement of its own: the one above may have waited for another worker's row, which its snapshot cannot see.
    private const string FindSql = """
        SELECT a.id, a.name, a.currency
        FROM unnest(@names, @currencies) AS k (name, currency)
        JOIN accounts AS a ON a.name = k.name AND a.currency = k.currency
        """;

    private sealed record AccountId(long Id, string Name, string Currency);
}

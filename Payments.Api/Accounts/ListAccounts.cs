using System.Globalization;
using Dapper;
using Npgsql;
using Payments.Api.Paging;

namespace Payments.Api.Accounts;

/// <summary>
/// One page of the holders' accounts by name, and of one name by age. Names are compared without capitals, so that a
/// search for <c>acc</c> finds <c>ACC-001</c>, along an index in this very order.
/// </summary>
internal sealed class ListAccounts(NpgsqlDataSource database)
{
    /// <param name="search">What names must begin with.</param>
    /// <returns>
    /// Up to one more than the limit, in the direction of the page; null when the cursor is no account.
    /// </returns>
    public async Task<List<AccountRow>?> ExecuteAsync(
        string? search, string? currency, PageQuery query, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        var place = default(Place);
        if ((query.StartingAfter ?? query.EndingBefore) is { } cursor)
        {
            if (!long.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
                || await connection.QuerySingleOrDefaultAsync<Place>(
                    new CommandDefinition(PlaceSql, new { id }, cancellationToken: cancel)) is not { } found)
            {
                return null;
            }

            place = found;
        }

        var parameters = new
        {
            search = search?.ToLowerInvariant(),
            currency,
            name = place?.Name,
            place?.Id,
            count = query.Limit + 1,
        };
        return (await connection.QueryAsync<AccountRow>(new CommandDefinition(
            query.Backwards ? BackwardsSql : ForwardsSql, parameters, cancellationToken: cancel))).AsList();
    }

    private const string PlaceSql = "SELECT id, lower(name) AS name FROM accounts WHERE id = @id AND NOT system";

    internal const string ForwardsSql = """
        SELECT id, name, currency, normal_balance, balance, position, system, minimum_balance, opened_at,
            nullif(last_entry_at, '-infinity') AS last_entry_at
        FROM accounts
        WHERE NOT system AND (@search::text IS NULL OR lower(name) ^@ @search)
            AND (@currency::text IS NULL OR currency = @currency)
            AND (@name::text IS NULL OR (lower(name), id) > (@name, @id))
        ORDER BY lower(name), id
        LIMIT @count
        """;

    // A page that ends before its cursor is walked from the cursor towards the beginning.
    private const string BackwardsSql = """
        SELECT id, name, currency, normal_balance, balance, position, system, minimum_balance, opened_at,
            nullif(last_entry_at, '-infinity') AS last_entry_at
        FROM accounts
        WHERE NOT system AND (@search::text IS NULL OR lower(name) ^@ @search)
            AND (@currency::text IS NULL OR currency = @currency)
            AND (lower(name), id) < (@name, @id)
        ORDER BY lower(name) DESC, id DESC
        LIMIT @count
        """;

    private sealed record Place(long Id, string Name);
}

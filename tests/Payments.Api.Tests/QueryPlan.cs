using System.Globalization;
using Dapper;
using Npgsql;

namespace Payments.Api.Tests;

/// <summary>How the server runs a statement of the product, with the parameters that it is sent with.</summary>
internal static class QueryPlan
{
    public static async Task<string> PlanAsync(this NpgsqlConnection session, string sql, object parameters) =>
        string.Join('\n', await session.QueryAsync<string>("EXPLAIN " + sql, parameters));

    /// <summary>How many pages it reads, whether they were in memory or not.</summary>
    public static async Task<int> PagesReadAsync(this NpgsqlConnection session, string sql, object parameters)
    {
        var plan = await session.QueryAsync<string>("EXPLAIN (ANALYZE, BUFFERS) " + sql, parameters);

        // Of the whole, as "Buffers: shared hit=7 read=2 dirtied=1": its parts come after it.
        var buffers = plan.First(line => line.Contains("Buffers:", StringComparison.Ordinal));
        return buffers.Split(' ')
            .Where(part => part.StartsWith("hit=", StringComparison.Ordinal)
                || part.StartsWith("read=", StringComparison.Ordinal))
            .Sum(part => int.Parse(part.Split('=')[1], CultureInfo.InvariantCulture));
    }
}

using Dapper;
using Npgsql;

namespace Payments.Api.Reconciliation;

/// <summary>How one check went, day by day.</summary>
internal sealed class CheckTrend(NpgsqlDataSource database)
{
    public static readonly TimeSpan Longest = TimeSpan.FromDays(366);

    public static readonly TimeSpan Usual = TimeSpan.FromDays(30);

    public async Task<CheckTrendAnswer> ExecuteAsync(
        string checkType, DateTimeOffset from, DateTimeOffset to, CancellationToken cancel)
    {
        var parameters = new { checkType, from, to };
        await using var connection = await database.OpenConnectionAsync(cancel);
        var differences = (await connection.QueryAsync<DifferenceRow>(
            new CommandDefinition(DifferencesSql, parameters, cancellationToken: cancel)))
            .ToLookup(row => row.Date, StringComparer.Ordinal);
        var days = await connection.QueryAsync<DayRow>(
            new CommandDefinition(DaysSql, parameters, cancellationToken: cancel));
        return new CheckTrendAnswer(
            checkType, from, to,
            [
                .. days.Select(day => new TrendDay(
                    day.Date, day.Runs, day.Passed, day.Failed, day.Inconclusive,
                    [.. differences[day.Date].Select(row => row.ToAnswer())], day.AverageMilliseconds)),
            ]);
    }

    private const string DaysSql = """
        SELECT to_char(c.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS date, count(*) AS runs,
            count(*) FILTER (WHERE c.status = 'passed') AS passed,
            count(*) FILTER (WHERE c.status = 'failed') AS failed,
            count(*) FILTER (WHERE c.status = 'inconclusive') AS inconclusive,
            round(avg(c.milliseconds), 1) AS average_milliseconds
        FROM reconciliation_checks AS c
        WHERE c.check_type = @checkType AND c.status <> 'pending' AND c.created_at >= @from AND c.created_at < @to
        GROUP BY date
        ORDER BY date
        """;

    private const string DifferencesSql = """
        SELECT DISTINCT ON (date, t.currency) to_char(c.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS date,
            t.currency, t.difference
        FROM reconciliation_checks AS c
        CROSS JOIN LATERAL jsonb_to_recordset(c.totals) AS t (currency text, difference numeric)
        WHERE c.check_type = @checkType AND c.created_at >= @from AND c.created_at < @to
        ORDER BY date, t.currency, abs(t.difference) DESC, c.id
        """;

    private sealed record DayRow(
        string Date, long Runs, long Passed, long Failed, long Inconclusive, decimal? AverageMilliseconds);

    private sealed record DifferenceRow(string Date, string Currency, decimal Difference)
    {
        public TrendDifference ToAnswer() => new(Currency, UnitsText.Of(Difference, Currency)!);
    }
}

using Dapper;
using Microsoft.Extensions.Options;
using Npgsql;
using Payments.Ledger.Providers;

namespace Payments.Api.Providers;

/// <summary>Reads what was kept of each provider, and compares it with the books of the same moment.</summary>
internal sealed class ListProviderBalances(
    NpgsqlDataSource database, IOptions<ProviderPolicy> policy, TimeProvider clock)
{
    public async Task<IReadOnlyList<ProviderBalanceAnswer>> ExecuteAsync(CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        var rows = (await connection.QueryAsync<Row>(new CommandDefinition(ReadSql, cancellationToken: cancel)))
            .ToDictionary(row => row.Provider, StringComparer.Ordinal);
        var answers = new List<ProviderBalanceAnswer>(Provider.All.Count);
        foreach (var provider in Provider.All)
        {
            answers.Add(rows.GetValueOrDefault(provider.Name) is { } row
                ? await CompareAsync(connection, provider, row, cancel)
                : await UnknownAsync(connection, provider, cancel));
        }

        return answers;
    }

    private async Task<ProviderBalanceAnswer> CompareAsync(
        NpgsqlConnection connection, Provider provider, Row row, CancellationToken cancel)
    {
        if (row is not { Amount: { } amount, AsOf: { } asOf, FetchedAt: { } fetchedAt })
        {
            return await UnknownAsync(connection, provider, cancel) with
            {
                Status = row.Outcome,
                Reason = row.Error,
                InconclusiveSince = row.InconclusiveSince,
            };
        }

        var age = clock.GetUtcNow() - asOf;
        if (await LedgerCounterpart.NearestBetweenAsync(connection, provider, amount, asOf, fetchedAt, cancel)
            is not { } ledger)
        {
            return await UnknownAsync(connection, provider, cancel) with
            {
                ProviderBalance = provider.Currency.ToUnits(amount),
                AsOf = asOf,
                FetchedAt = fetchedAt,
                AgeSeconds = Seconds(age),
                Status = row.Outcome == "current" ? "unknown" : row.Outcome,
                Reason = row.Error ?? $"Entries of {provider.LedgerAccount} are missing.",
                InconclusiveSince = row.InconclusiveSince,
            };
        }

        var difference = amount - ledger;
        var tolerance = policy.Value.ToleranceMinor(provider);
        var status = row.Outcome switch
        {
            not "current" => row.Outcome,
            _ when age > policy.Value.MaximumAge => "stale",
            _ => Math.Abs(difference) <= tolerance ? "agrees" : "differs",
        };
        return new ProviderBalanceAnswer(
            provider.Name,
            provider.Currency.Code,
            provider.Currency.ToUnits(amount),
            asOf,
            fetchedAt,
            Seconds(age),
            provider.Currency.ToUnits(ledger),
            provider.Currency.ToUnits(difference),
            provider.Currency.ToUnits(tolerance),
            status,
            row.Error ?? (status == "stale" ? "It was not read lately." : null),
            row.InconclusiveSince);
    }

    private static double Seconds(TimeSpan age) => Math.Max(0, Math.Round(age.TotalSeconds, 3));

    private async Task<ProviderBalanceAnswer> UnknownAsync(
        NpgsqlConnection connection, Provider provider, CancellationToken cancel) => new(
            provider.Name,
            provider.Currency.Code,
            ProviderBalance: null,
            AsOf: null,
            FetchedAt: null,
            AgeSeconds: null,
            provider.Currency.ToUnits(await LedgerCounterpart.NowAsync(connection, provider, cancel)),
            Difference: null,
            provider.Currency.ToUnits(policy.Value.ToleranceMinor(provider)),
            "unknown",
            "Nobody has read it yet.",
            InconclusiveSince: null);

    private const string ReadSql = """
        SELECT provider, outcome, amount, as_of, fetched_at, inconclusive_since, error
        FROM provider_balances
        """;

    private sealed record Row(
        string Provider,
        string Outcome,
        decimal? Amount,
        DateTimeOffset? AsOf,
        DateTimeOffset? FetchedAt,
        DateTimeOffset? InconclusiveSince,
        string? Error);
}

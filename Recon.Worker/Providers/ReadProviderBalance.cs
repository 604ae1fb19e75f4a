using Dapper;
using Microsoft.Extensions.Options;
using Payments.Ledger.Providers;
using Recon.Worker.Duties;

namespace Recon.Worker.Providers;

/// <summary>
/// Asks a provider for its total and keeps what came of it, in a session of its own: a check calls it before it first
/// reads the books, so that its snapshot is not held open while a provider thinks.
/// </summary>
internal sealed class ReadProviderBalance(
    IEnumerable<IProviderBalances> providers,
    DutySessions database,
    IOptions<ProviderPolicy> policy,
    TimeProvider clock,
    ILogger<ReadProviderBalance> logger)
{
    private const int LongestReason = 500;

    public async Task<ProviderBalance> ExecuteAsync(Provider provider, CancellationToken cancel)
    {
        var balances = providers.Single(one => one.Provider == provider);
        if (!balances.IsConfigured)
        {
            var nobody = new ProviderBalance.NotConfigured(provider);
            var untried = new Row(provider, "not_configured", clock.GetUtcNow()) { Error = nobody.Inconclusive };
            await KeepAsync(untried, cancel);
            return nobody;
        }

        try
        {
            return await JudgeAsync(provider, await balances.ReadTotalAsync(cancel), cancel);
        }
        catch (ProviderFailedException e)
        {
            var reason = e.Message.Length > LongestReason ? e.Message[..LongestReason] : e.Message;
            logger.LogWarning("The balance of {Provider} cannot be read: {Reason}", provider.Name, reason);
            var tried = clock.GetUtcNow();
            var since = await KeepAsync(new Row(provider, "unavailable", tried) { Error = reason }, cancel);
            return new ProviderBalance.Unavailable(provider, reason, since ?? tried);
        }
    }

    private async Task<ProviderBalance> JudgeAsync(Provider provider, ProviderTotal total, CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        var age = now - total.AsOf;
        var row = new Row(provider, "current", now) { Amount = total.Minor, AsOf = total.AsOf, FetchedAt = now };
        if (age <= policy.Value.MaximumAge)
        {
            await KeepAsync(row, cancel);
            return new ProviderBalance.Current(provider, total.Minor, total.AsOf, now);
        }

        var stale = new ProviderBalance.Stale(provider, total.Minor, total.AsOf, age, now);
        logger.LogWarning("{Reason} ({Provider})", stale.Inconclusive, provider.Name);
        var since = await KeepAsync(row with { Outcome = "stale", Error = stale.Inconclusive }, cancel);
        return stale with { Since = since ?? now };
    }

    private async Task<DateTimeOffset?> KeepAsync(Row row, CancellationToken cancel)
    {
        await using var connection = await database.OpenAsync(cancel);
        return await connection.ExecuteScalarAsync<DateTimeOffset?>(new CommandDefinition(
            KeepSql,
            new
            {
                provider = row.Provider.Name,
                currency = row.Provider.Currency.Code,
                row.Outcome,
                row.TriedAt,
                row.Amount,
                row.AsOf,
                row.FetchedAt,
                row.Error,
            },
            cancellationToken: cancel));
    }

    // What was told last stays beside the error of a try that brought nothing. The clock of the silence starts with
    // the first such try and ends with a current balance.
    private const string KeepSql = """
        INSERT INTO provider_balances AS kept (provider, currency, outcome, tried_at, amount, as_of, fetched_at, error,
            inconclusive_since)
        VALUES (@provider, @currency, @Outcome, @TriedAt, @Amount, @AsOf, @FetchedAt, @Error,
            CASE WHEN @Outcome IN ('stale', 'unavailable') THEN @TriedAt END)
        ON CONFLICT ON CONSTRAINT provider_balances_pkey DO UPDATE
        SET outcome = excluded.outcome,
            tried_at = excluded.tried_at,
            amount = coalesce(excluded.amount, kept.amount),
            as_of = coalesce(excluded.as_of, kept.as_of),
            fetched_at = coalesce(excluded.fetched_at, kept.fetched_at),
            error = excluded.error,
            inconclusive_since = CASE
                WHEN excluded.inconclusive_since IS NOT NULL
                    THEN coalesce(kept.inconclusive_since, excluded.inconclusive_since)
            END
        RETURNING inconclusive_since
        """;

    private sealed record Row(Provider Provider, string Outcome, DateTimeOffset TriedAt)
    {
        public decimal? Amount { get; init; }

        public DateTimeOffset? AsOf { get; init; }

        public DateTimeOffset? FetchedAt { get; init; }

        public string? Error { get; init; }
    }
}

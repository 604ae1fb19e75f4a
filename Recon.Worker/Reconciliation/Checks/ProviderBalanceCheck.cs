using Microsoft.Extensions.Options;
using Npgsql;
using Payments.Ledger.Providers;
using Recon.Worker.Providers;

namespace Recon.Worker.Reconciliation.Checks;

/// <summary>
/// What a provider holds against the ledger's account that mirrors it. A difference within the tolerance passes, and is
/// in the total. What cannot be compared is inconclusive; when that has lasted too long, the silence is a break itself.
/// </summary>
internal sealed class ProviderBalanceCheck(
    Provider provider, ReadProviderBalance readBalance, IOptions<ProviderPolicy> policy, TimeProvider clock)
    : IReconciliationCheck
{
    public string CheckType => provider.CheckType;

    public bool NeedsOneMoment => true;

    public async Task<CheckResult> RunAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        // Before the first look at the books, which begins the snapshot: it is not older than the provider's answer.
        var balance = await readBalance.ExecuteAsync(provider, cancel);
        return balance is ProviderBalance.Current current
            ? await CompareAsync(connection, current, cancel)
            : CheckResult.Unknown(balance.Inconclusive!, [.. await SilenceAsync(connection, balance, cancel)]);
    }

    private async Task<CheckResult> CompareAsync(
        NpgsqlConnection connection, ProviderBalance.Current current, CancellationToken cancel)
    {
        var expected = await LedgerCounterpart.NearestSinceAsync(
            connection, provider, current.Total, current.AsOf, cancel);
        var total = new CheckTotal(provider.Currency.Code, expected, Plain(current.Total));
        var tolerance = policy.Value.ToleranceMinor(provider);
        if (Math.Abs(total.Difference) <= tolerance)
        {
            return new CheckResult([total], [], 1);
        }

        var found = new Break(
            "balance_mismatch",
            $"balance_mismatch/{provider.Name}",
            $"{provider.Title} holds {Amounts.Text(total.Actual, total.Currency)}, but by {provider.LedgerAccount} it "
            + $"should be {Amounts.Text(expected, total.Currency)}: "
            + $"{Amounts.Signed(total.Difference, total.Currency)}, "
            + $"more than the tolerance of {Amounts.Text(tolerance, total.Currency)}.",
            Amounts.SeverityOf(total.Difference, total.Currency))
        {
            Currency = total.Currency,
            Expected = expected,
            Actual = total.Actual,
            AccountName = provider.LedgerAccount,
        };
        return new CheckResult([total], [found], 1);
    }

    private async Task<IReadOnlyList<Break>> SilenceAsync(
        NpgsqlConnection connection, ProviderBalance balance, CancellationToken cancel)
    {
        var longest = policy.Value.InconclusiveExceptionAfter;
        if (balance.InconclusiveSince is not { } since || clock.GetUtcNow() - since <= longest)
        {
            return [];
        }

        var concerned = await LedgerCounterpart.NowAsync(connection, provider, cancel);
        var currency = provider.Currency.Code;
        return
        [
            new Break(
                "provider_silent",
                $"provider_silent/{provider.Name}",
                $"There is no current balance of {provider.Title} since {since.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC: "
                + $"{balance.Inconclusive} It should hold {Amounts.Text(concerned, currency)}.",
                Amounts.SeverityOf(concerned, currency))
            {
                Currency = currency,
                Expected = concerned,
                AccountName = provider.LedgerAccount,
            },
        ];
    }

    // Minor units without the decimals of the units: 4225000000, not 4225000000.00, where people read the rows.
    private static decimal Plain(decimal minor) =>
        decimal.Truncate(minor) == minor ? decimal.Truncate(minor) : minor;
}

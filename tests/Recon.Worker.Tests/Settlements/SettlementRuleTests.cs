using Payments.Ledger;
using Recon.Worker.Settlements;

namespace Recon.Worker.Tests.Settlements;

public sealed class SettlementRuleTests
{
    // Each row would also be matched by a rule below it, so the table proves which rule wins.
    [Theory]
    [InlineData(-1_13, "USD", "failed", "negative_amount")]
    [InlineData(-50_00, "USD", "failed", "negative_amount")]
    [InlineData(0, "USD", "failed", "zero_amount")]
    [InlineData(250_13, "USD", "completed_with_discrepancy", "minor_part_13")]
    [InlineData(0_13, "EUR", "completed_with_discrepancy", "minor_part_13")]
    [InlineData(100_00, "USD", "completed", "matched")]
    [InlineData(13_00, "USD", "completed", "matched")]
    [InlineData(1_31, "USD", "completed", "matched")]
    public void The_first_rule_that_applies_decides(long amount, string currency, string status, string rule)
    {
        var settlement = SettlementRule.Decide(amount, Currency.Get(currency));

        Assert.Equal((status, rule), (settlement.Status, settlement.Rule));
    }

    [Theory]
    [InlineData(113, "JPY")]
    [InlineData(1_013, "KWD")]
    [InlineData(1_000_013, "USDC")]
    public void A_minor_part_of_13_means_nothing_in_a_currency_without_two_decimals(long amount, string currency)
    {
        Assert.Equal("completed", SettlementRule.Decide(amount, Currency.Get(currency)).Status);
    }

    [Fact]
    public void A_discrepancy_is_what_is_missing_from_the_expected_amount()
    {
        var settlement = SettlementRule.Decide(250_13, Currency.Usd);

        Assert.Equal((250_13L, 250_00L, 13L), (settlement.Expected, settlement.Actual, settlement.Discrepancy));
        Assert.False(settlement.Matched);
    }

    [Fact]
    public void Nothing_of_a_failed_payment_is_matched_or_posted()
    {
        var settlement = SettlementRule.Decide(-50_00, Currency.Usd);

        Assert.Equal((-50_00L, 0L, null), (settlement.Expected, settlement.Actual, settlement.Discrepancy));
        Assert.Equal((false, false), (settlement.Matched, settlement.IsPosted));
    }
}

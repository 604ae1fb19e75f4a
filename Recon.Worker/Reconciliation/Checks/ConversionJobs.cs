namespace Recon.Worker.Reconciliation.Checks;

/// <summary>
/// Completed conversions against the ledger's: debit the account, credit usdc_buffer in USDC, debit fiat_exposure,
/// credit the account in USD, all in one transaction. Each currency is compared by itself.
/// </summary>
internal sealed class ConversionJobs(CheckPace pace, TimeProvider clock) : FlowCheck(pace, clock)
{
    public override string CheckType => Payments.Ledger.Reconciliation.CheckType.ConversionJobs;

    protected override string Noun => "conversion";

    protected override string Kind => "conversion";

    protected override IReadOnlyList<(string Currency, string Account, int Sign)> Totalled { get; } =
        [("USDC", "usdc_buffer", 1), ("USD", "fiat_exposure", -1)];

    protected override (string End, string Postings) Sql => (EndSql, PostingsSql + FlowSql.Postings);

    protected override string FlowlessSql => FlowSql.Flowless;

    protected override int? SignInTotals(FlowPosting posting) => posting.Currency == "USDC" ? -1 : 1;

    private const string EndSql = "SELECT id FROM conversion_jobs WHERE id >= @from ORDER BY id OFFSET @offset LIMIT 1";

    private const string PostingsSql = """
        WITH due AS (
            SELECT conversion.id AS flow_id, conversion.id AS transaction_id, 'conversion' AS part,
                'conversion' AS kind, conversion.status, conversion.status = 'completed' AS is_due,
                conversion.account_name AS account, side.currency, side.expected,
                ARRAY[conversion.account_name, 'usdc_buffer', 'fiat_exposure'] AS accounts
            FROM conversion_jobs AS conversion
            CROSS JOIN LATERAL (
                VALUES ('USDC', -conversion.usdc_amount), ('USD', conversion.usd_amount)
            ) AS side (currency, expected)
            WHERE conversion.id >= @from AND conversion.id <= @upTo
        )
        """;
}

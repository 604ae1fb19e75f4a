namespace Recon.Worker.Reconciliation.Checks;

/// <summary>Completed deposits against the ledger's: debit usdc_buffer, credit the account.</summary>
internal sealed class Deposits(CheckPace pace, TimeProvider clock) : FlowCheck(pace, clock)
{
    public override string CheckType => Payments.Ledger.Reconciliation.CheckType.Deposits;

    protected override string Noun => "deposit";

    protected override string Kind => "deposit";

    protected override IReadOnlyList<(string Currency, string Account, int Sign)> Totalled { get; } =
        [("USDC", "usdc_buffer", -1)];

    protected override (string End, string Postings) Sql => (EndSql, PostingsSql + FlowSql.Postings);

    protected override string FlowlessSql => FlowSql.Flowless;

    protected override int? SignInTotals(FlowPosting posting) => 1;

    private const string EndSql = "SELECT id FROM deposits WHERE id >= @from ORDER BY id OFFSET @offset LIMIT 1";

    private const string PostingsSql = """
        WITH due AS (
            SELECT deposit.id AS flow_id, deposit.id AS transaction_id, 'deposit' AS part, 'deposit' AS kind,
                deposit.status, deposit.status = 'completed' AS is_due, deposit.account_name AS account,
                deposit.currency, deposit.amount AS expected, ARRAY[deposit.account_name, 'usdc_buffer'] AS accounts
            FROM deposits AS deposit
            WHERE deposit.id >= @from AND deposit.id <= @upTo
        )
        """;
}

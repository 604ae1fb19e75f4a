namespace Recon.Worker.Reconciliation.Checks;

/// <summary>
/// Withdrawals against the ledger's: each is reserved (debit the account, credit withdrawals_pending), and when it is
/// over either paid out (debit withdrawals_pending, credit fiat_exposure) or released by the reverse of that. Totals
/// are of what was paid out.
/// </summary>
internal sealed class Withdrawals(CheckPace pace, TimeProvider clock) : FlowCheck(pace, clock)
{
    public override string CheckType => Payments.Ledger.Reconciliation.CheckType.Withdrawals;

    protected override string Noun => "withdrawal";

    protected override string Kind => "withdrawal";

    protected override IReadOnlyList<(string Currency, string Account, int Sign)> Totalled { get; } =
        [("USD", "fiat_exposure", 1)];

    protected override (string End, string Postings) Sql => (EndSql, PostingsSql + FlowSql.Postings);

    protected override string FlowlessSql => FlowSql.FlowlessWithdrawals;

    protected override int? SignInTotals(FlowPosting posting) => posting.Part == "payout" ? 1 : null;

    private const string EndSql = "SELECT id FROM withdrawals WHERE id >= @from ORDER BY id OFFSET @offset LIMIT 1";

    private const string PostingsSql = """
        WITH due AS (
            SELECT withdrawal.id AS flow_id, side.transaction_id, side.part, side.kind, withdrawal.status, side.is_due,
                side.account, withdrawal.currency, side.expected, side.accounts
            FROM withdrawals AS withdrawal
            CROSS JOIN LATERAL (
                SELECT withdrawal.id AS transaction_id, 'reservation' AS part, 'withdrawal' AS kind, true AS is_due,
                    withdrawal.account_name AS account, -withdrawal.amount AS expected,
                    ARRAY[withdrawal.account_name, 'withdrawals_pending'] AS accounts
                UNION ALL
                SELECT withdrawal.closing_transaction_id, 'release', 'reversal', true,
                    withdrawal.account_name, withdrawal.amount,
                    ARRAY[withdrawal.account_name, 'withdrawals_pending']
                WHERE withdrawal.status = 'failed'
                UNION ALL
                SELECT withdrawal.closing_transaction_id, 'payout', 'withdrawal', withdrawal.status = 'completed',
                    'fiat_exposure', withdrawal.amount, ARRAY['fiat_exposure', 'withdrawals_pending']
                WHERE withdrawal.status <> 'failed'
            ) AS side
            WHERE withdrawal.id >= @from AND withdrawal.id <= @upTo
        )
        """;
}

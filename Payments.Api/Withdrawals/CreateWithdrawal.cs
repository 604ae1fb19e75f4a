using Dapper;
using Npgsql;
using Payments.Api.Flows;
using Payments.Api.Idempotency;
using Payments.Api.Keys;
using Payments.Ledger;
using Payments.Ledger.Accounts;
using Payments.Ledger.Audit;
using Payments.Ledger.Postings;

namespace Payments.Api.Withdrawals;

/// <summary>
/// Reserves the amount of a withdrawal at once, by posting it out of the account. The account is locked while it is
/// looked at, so withdrawals together never take more than it has.
/// </summary>
internal sealed class CreateWithdrawal(AuditLog audit, TimeProvider clock)
{
    /// <remarks>Refusals in this order: no such account, the reference, what the account has.</remarks>
    public async Task<Outcome> ExecuteAsync(
        SingleAmountRequest request, Caller caller, NpgsqlTransaction transaction, CancellationToken cancel)
    {
        var connection = transaction.Connection!;
        var holder = new AccountKey(request.AccountId, request.Amount.Currency.Code);
        if (!await connection.ExecuteScalarAsync<bool>(
            new CommandDefinition(AccountExistsSql, new { holder.Name, holder.Currency }, cancellationToken: cancel)))
        {
            return new Problem(ProblemTypes.AccountNotFound, "No account has this name and currency.");
        }

        // Before the accounts are locked: an equal reference may have to be waited for.
        if (await RecordAsync(connection, request, caller, cancel) is not { } withdrawal)
        {
            return WithdrawalRow.Kind.ReferenceInUse;
        }

        var pending = new AccountKey(AccountName.WithdrawalsPending, holder.Currency);
        var held = await HeldAccounts.LockAsync(connection, [holder, pending], cancel);
        var free = await held.FreeAsync(connection, holder, cancel);
        if (withdrawal.Amount > free)
        {
            return InsufficientFunds(new Money((long)decimal.Max(free, 0), request.Amount.Currency));
        }

        var postings = new PostingBatch(held.CreatedAt);
        postings.Transfer(
            withdrawal.Id, "withdrawal", debit: held[holder], credit: held[pending], withdrawal.Amount,
            withdrawal.Currency);
        await postings.WriteAsync(connection, cancel);

        var reserved = new AuditEvent(caller.Actor, "withdrawal.created", "withdrawal", withdrawal.Id.ToString())
        {
            Account = withdrawal.AccountName,
            Currency = withdrawal.Currency,
            Details = new { amount = request.Amount.ToDecimal(), withdrawal.Reference },
        };
        await audit.RecordAsync(connection, reserved, cancel);
        await Screens.NotifyAsync(connection, cancel);
        return WithdrawalRow.Kind.Created(withdrawal);
    }

    private Task<WithdrawalRow?> RecordAsync(
        NpgsqlConnection connection, SingleAmountRequest request, Caller caller, CancellationToken cancel)
    {
        var flow = NewFlow.Of(caller, clock);
        var parameters = new
        {
            flow.Id,
            flow.CreatedAt,
            flow.OwnerId,
            flow.Traceparent,
            closing = Guid.CreateVersion7(flow.CreatedAt),
            request.AccountId,
            amount = request.Amount.Minor,
            currency = request.Amount.Currency.Code,
            request.Reference,
            request.Description,
        };
        return connection.QuerySingleOrDefaultAsync<WithdrawalRow>(
            new CommandDefinition(RecordSql, parameters, cancellationToken: cancel));
    }

    private static Problem InsufficientFunds(Money free) => new(
        ProblemTypes.InsufficientFunds,
        $"Only {free} can be taken from the account.",
        [ProblemError.At("#/amount", "insufficient_funds", $"must be at most {free}")]);

    private const string AccountExistsSql =
        "SELECT EXISTS (SELECT FROM accounts WHERE name = @name AND currency = @currency)";

    private const string RecordSql = """
        INSERT INTO withdrawals (id, closing_transaction_id, account_name, amount, currency, reference, description,
            created_at, owner_id, traceparent)
        VALUES (@id, @closing, @accountId, @amount, @currency, @reference, @description, @createdAt, @ownerId,
            @traceparent)
        ON CONFLICT ON CONSTRAINT withdrawals_reference_key DO NOTHING
        RETURNING id, account_name, amount, currency, status, reference, description, failure_reason, created_at,
            completed_at, traceparent, coalesce(completion, 0) AS completion, closing_transaction_id
        """;
}

using Payments.Api.Tests.Flows;
using Payments.Api.Tests.Reconciliation;
using Payments.Api.Tests.Refunds;

namespace Payments.Api.Tests.Idempotency;

/// <summary>
/// An API that dies at any of the messages which it exchanges with its database, before one is sent or before its
/// answer comes; the client then sends the same to another one.
/// </summary>
public sealed class FaultPointTests(DyingSystem system) : IClassFixture<DyingSystem>
{
    // Every writing request has more messages than this; a walk that is shorter has not met them.
    private const int FewestMessages = 3;

    private const int MostTries = 100;

    private readonly TestDatabase _database = system.Database;

    // Of a test's own, whose balance nothing else moves.
    private readonly string _account = $"DIES-{Guid.CreateVersion7():N}";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task A_payment_is_created_once_wherever_the_API_dies(bool answerIsLost) => WalkAsync(
        answerIsLost,
        prepare: () => Task.FromResult(Guid.Empty),
        send: (client, _, key) => client.CreateAsync($$"""{"accountId":"{{_account}}","amount":1}""", key),
        status: 201,
        effects: (_, key) => _database.ScalarAsync<long>(
            """
            SELECT count(*) FROM payments AS p JOIN recon_jobs AS j ON j.id = p.id
            WHERE p.idempotency_key = @key
            """,
            new { key }));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task A_refund_is_made_once_wherever_the_API_dies(bool answerIsLost) => WalkAsync(
        answerIsLost,
        prepare: async () =>
        {
            var payment = await system.Successor.Client.PayAsync(_account, 100);
            await Settlement.CompleteAsync(_database, payment);
            return payment;
        },
        send: (client, payment, key) => client.RefundAsync(payment, RefundRequests.Part, key),
        status: 201,
        effects: (payment, _) => _database.ScalarAsync<long>(
            """
            SELECT count(*)
            FROM refunds AS r
            JOIN recon_jobs AS j ON j.id = r.id
            JOIN payments AS p ON p.id = r.payment_id AND p.refunded_amount = r.amount
            WHERE p.id = @payment
            """,
            new { payment }));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task A_request_whose_key_has_a_table_of_its_own_takes_effect_once_wherever_the_API_dies(bool answerIsLost) =>
        WalkAsync(
            answerIsLost,
            prepare: () => system.Successor.Client.PayAsync(_account, 100),
            send: (client, payment, key) => client.PostAsync($"/payments/{payment}/cancel", body: null, key),
            status: 200,
            effects: (payment, key) => _database.ScalarAsync<long>(
                """
                SELECT count(*)
                FROM payments AS p
                JOIN recon_jobs AS j ON j.id = p.id AND j.status = 'cancelled'
                JOIN idempotency_keys AS k ON k.key = @key AND k.status = 200
                WHERE p.id = @payment AND p.status = 'cancelled'
                """,
                new { payment, key }));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task A_withdrawal_is_taken_once_wherever_the_API_dies(bool answerIsLost) => WalkAsync(
        answerIsLost,
        prepare: async () =>
        {
            await Settlement.CompleteAsync(_database, await system.Successor.Client.PayAsync(_account, 100));
            return Guid.Empty;
        },
        send: (client, _, key) => client.RecordAsync(
            FlowRequests.Withdrawals, $$"""{"accountId":"{{_account}}","amount":100,"reference":"{{key}}"}""", key),
        status: 201,
        effects: (_, key) => _database.ScalarAsync<long>(
            """
            SELECT count(*)
            FROM withdrawals AS w
            JOIN ledger_transactions AS t ON t.id = w.id
            JOIN accounts AS a ON a.name = w.account_name AND a.currency = w.currency AND a.balance = 0
            WHERE w.reference = @key
            """,
            new { key }));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task A_conversion_and_its_duty_are_recorded_once_wherever_the_API_dies(bool answerIsLost) => WalkAsync(
        answerIsLost,
        prepare: () => Task.FromResult(Guid.Empty),
        send: (client, _, key) => client.RecordAsync(
            FlowRequests.Conversions, $$"""{"accountId":"{{_account}}","usdcAmount":1,"reference":"{{key}}"}""", key),
        status: 201,
        effects: (_, key) => _database.ScalarAsync<long>(
            "SELECT count(*) FROM conversion_jobs AS c JOIN duties AS d ON d.id = c.id WHERE c.reference = @key",
            new { key }));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task A_deposit_is_posted_once_wherever_the_API_dies(bool answerIsLost) => WalkAsync(
        answerIsLost,
        prepare: async () => (await system.Successor.Client.RecordedAsync(FlowRequests.Deposits, _account, 1))
            .GetProperty("id").GetGuid(),
        send: (client, deposit, _) => client.CompleteAsync(FlowRequests.Deposits, deposit),
        status: 200,
        effects: (deposit, _) => _database.ScalarAsync<long>(
            """
            SELECT count(*)
            FROM deposits AS d
            JOIN ledger_transactions AS t ON t.id = d.id
            JOIN audit_events AS e ON e.object_id = d.id::text AND e.action = 'deposit.completed'
            WHERE d.id = @deposit AND d.status = 'completed'
            """,
            new { deposit }));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task An_adjustment_is_posted_once_wherever_the_API_dies(bool answerIsLost) => WalkAsync(
        answerIsLost,
        prepare: async () => (await _database.PlantDepositAsync(_account, 10_400_000, 10_000_000)).Exception,
        send: (client, exception, key) => client.ActAsync(
            $"/exceptions/{exception}/adjustments", """{"reason":"The remainder is ours."}""", key),
        status: 201,
        effects: (exception, _) => _database.ScalarAsync<long>(
            """
            SELECT count(*)
            FROM reconciliation_adjustments AS j
            JOIN reconciliation_exceptions AS e ON e.id = j.exception_id AND e.status = 'resolved'
            JOIN ledger_transactions AS t ON t.corrects = j.corrects AND t.id = j.transaction_id
            JOIN reconciliation_exception_events AS v ON v.exception_id = e.id AND v.kind = 'adjustment_posted'
            WHERE e.id = @exception AND j.status = 'posted'
            """,
            new { exception }));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task A_comment_is_added_once_wherever_the_API_dies(bool answerIsLost) => WalkCommentAsync(
        answerIsLost, exception => ($"/exceptions/{exception}/comments", """{"text":"It was late."}"""));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task A_comment_on_several_is_added_once_to_each_wherever_the_API_dies(bool answerIsLost) => WalkCommentAsync(
        answerIsLost,
        exception => (
            "/exceptions/bulk", $$"""{"action":"comment","ids":["{{exception}}"],"text":"It was late."}"""));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task An_adjustment_is_undone_once_wherever_the_API_dies(bool answerIsLost) => WalkAsync(
        answerIsLost,
        prepare: async () =>
        {
            var (exception, _) = await _database.PlantDepositAsync(_account, 10_400_000, 10_000_000);
            var posted = await system.Successor.Client.DoAsync(
                $"/exceptions/{exception}/adjustments", """{"reason":"The remainder is ours."}""");
            return posted.GetProperty("id").GetGuid();
        },
        send: (client, adjustment, _) => client.ActAsync($"/adjustments/{adjustment}/undo"),
        status: 200,
        effects: (adjustment, _) => _database.ScalarAsync<long>(
            """
            SELECT count(*)
            FROM reconciliation_adjustments AS j
            JOIN reconciliation_exceptions AS e ON e.id = j.exception_id AND e.status = 'open' AND e.reopened = 1
            JOIN ledger_transactions AS t ON t.corrects = j.transaction_id
            WHERE j.id = @adjustment AND j.status = 'undone'
            """,
            new { adjustment }));

    private Task WalkCommentAsync(bool answerIsLost, Func<Guid, (string Path, string Body)> requestOf) => WalkAsync(
        answerIsLost,
        prepare: () => _database.PlantAsync(new PlantedException("deposits", "missing_deposit")),
        send: (client, exception, key) =>
        {
            var (path, body) = requestOf(exception);
            return client.ActAsync(path, body, key);
        },
        status: 200,
        effects: (exception, _) => _database.ScalarAsync<long>(
            "SELECT count(*) FROM reconciliation_exception_events WHERE exception_id = @exception",
            new { exception }));

    private async Task WalkAsync(
        bool answerIsLost,
        Func<Task<Guid>> prepare,
        Func<HttpClient, Guid, string, Task<HttpResponseMessage>> send,
        int status,
        Func<Guid, string, Task<long>> effects)
    {
        var message = 1;
        for (var tries = 0; tries < MostTries; tries++)
        {
            var subject = await prepare();
            var key = PaymentRequests.NewKey();
            system.Proxy.CutAt(message, answerIsLost);
            using var first = await send(system.Dying.Client, subject, key);
            var died = system.Proxy.HasCut;
            system.Proxy.Up();

            using var retry = await RetryAsync(() => send(system.Successor.Client, subject, key));

            Assert.Equal(status, (int)retry.StatusCode);
            Assert.Equal(1, await effects(subject, key));
            if (!died && (int)first.StatusCode == status)
            {
                Assert.True(message > FewestMessages, $"The request passed whole after {message} messages.");
                return;
            }

            // A connection that an earlier death left broken fails before its message comes: then the same once more.
            message += died ? 1 : 0;
        }

        Assert.Fail($"No request passed whole in {MostTries} tries; the last was to die at message {message}.");
    }

    // The server may take a moment to notice that the one who held the key is gone.
    private static Task<HttpResponseMessage> RetryAsync(Func<Task<HttpResponseMessage>> send) => Conditions.FirstAsync(
        send,
        response =>
        {
            var isHeld = (int)response.StatusCode == 409;
            if (isHeld)
            {
                response.Dispose();
            }

            return !isHeld;
        });
}

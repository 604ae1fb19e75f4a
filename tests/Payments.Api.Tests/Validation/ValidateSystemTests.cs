using Payments.Api.Validation;

namespace Payments.Api.Tests.Validation;

/// <summary>What each check refuses: one fault at a time, at the moment that only this check can see it.</summary>
public sealed class ValidateSystemTests(ApiFixture fixture) : IClassFixture<ApiFixture>, IAsyncDisposable
{
    private const string NoTriggers = "SET session_replication_role = replica; ";

    private static readonly string[] Names =
    [
        "Payment creation", "Database persistence", "Job queue", "Worker processing", "Ledger updates",
        "Balance endpoint", "Idempotency",
    ];

    private readonly Guid _run = Guid.CreateVersion7();

    private string Account => $"validate-{_run:N}";

    [Theory]
    [InlineData("id", "\"7\"", "expected: id with a UUID")]
    [InlineData("accountId", "\"ACC-001\"", "found:    accountId \"ACC-001\"")]
    [InlineData("amount", "250.750", "found:    amount 250.750")]
    [InlineData("amount", "\"250.75\"", "found:    amount \"250.75\"")]
    [InlineData("currency", "\"EUR\"", "found:    currency \"EUR\"")]
    [InlineData("description", "null", "found:    description null")]
    [InlineData("status", "\"completed\"", "expected: status \"pending\"")]
    [InlineData("discrepancy", "0.13", "found:    discrepancy 0.13")]
    [InlineData("refundedAmount", "0", "expected: refundedAmount 0.00")]
    [InlineData("failureReason", "\"none\"", "found:    failureReason \"none\"")]
    [InlineData("settledAt", "\"2026-01-01T00:00:00Z\"", "expected: settledAt null")]
    public Task An_answer_that_is_not_the_payment_fails_its_creation(string member, string value, string says) =>
        FailsAsync("Payment creation", says, new Interference
        {
            After = (name, response) =>
                name == "create" ? Interference.SetAsync(response, member, value) : Task.CompletedTask,
        });

    [Fact]
    public Task A_creation_without_its_address_fails() => FailsAsync(
        "Payment creation", "found:    Location nothing",
        AfterAnswer("create", response => response.Headers.Location = null));

    [Fact]
    public Task A_creation_that_claims_to_be_a_replay_fails() => FailsAsync(
        "Payment creation", "found:    Idempotent-Replayed \"true\"",
        AfterAnswer("create", response => response.Headers.Add("Idempotent-Replayed", "true")));

    [Fact]
    public Task An_answer_that_is_no_json_fails() => FailsAsync(
        "Payment creation", "Something else than the API answers at this address.",
        AfterAnswer("create", response => response.Content = new StringContent("<html>")));

    [Theory]
    [InlineData("DELETE FROM payments WHERE id = @id", "names another database than the API writes to")]
    [InlineData("UPDATE payments SET amount = amount + 1 WHERE id = @id", "found:    amount 25076")]
    [InlineData("UPDATE payments SET currency = 'EUR' WHERE id = @id", "found:    currency \"EUR\"")]
    [InlineData("UPDATE payments SET payee_account = 'x' WHERE id = @id", "found:    payee_account \"x\"")]
    [InlineData("UPDATE payments SET description = 'x' WHERE id = @id", "found:    description \"x\"")]
    [InlineData("UPDATE payments SET idempotency_key = id::text WHERE id = @id", "expected: idempotency_key")]
    [InlineData(
        "UPDATE payments SET kind = 'transfer', payer_account = 'x' WHERE id = @id", "found:    kind \"transfer\"")]
    [InlineData("UPDATE payments SET owner_id = owner_id + 1000 WHERE id = @id", "expected: owner \"tester\"")]
    public Task A_row_that_is_not_the_payment_fails_its_persistence(string sql, string says) =>
        FailsAsync("Database persistence", says, SqlAfter("create", sql));

    [Fact]
    public async Task Another_database_than_the_API_s_fails_the_persistence()
    {
        await using var other = new TestDatabase();
        await other.InitializeAsync();

        await FailsAsync("Database persistence", other.Name, new Interference(), database: other);
    }

    [Theory]
    [InlineData("DELETE FROM recon_jobs WHERE id = @id", "no worker will ever settle it")]
    [InlineData("UPDATE recon_jobs SET payment_id = gen_random_uuid() WHERE id = @id", "expected: payment_id")]
    [InlineData("UPDATE recon_jobs SET kind = 'refund' WHERE id = @id", "found:    kind \"refund\"")]
    [InlineData("UPDATE recon_jobs SET payee_account = 'x' WHERE id = @id", "found:    payee_account \"x\"")]
    [InlineData("UPDATE recon_jobs SET amount = 1 WHERE id = @id", "found:    amount 1")]
    [InlineData("UPDATE recon_jobs SET currency = 'EUR' WHERE id = @id", "found:    currency \"EUR\"")]
    [InlineData("UPDATE recon_jobs SET division = (division + 1) % 64 WHERE id = @id", "expected: division")]
    [InlineData(
        "UPDATE recon_jobs SET status = 'dead', finished_at = now(), buried_at = now(), last_error = 'poison' "
            + "WHERE id = @id",
        "The job was given up: poison.")]
    public Task A_job_that_is_not_the_payment_s_fails_the_queue(string sql, string says) =>
        FailsAsync("Job queue", says, SqlAfter("create", sql));

    [Fact]
    public Task A_payment_that_no_worker_settles_in_time_fails_the_processing() => FailsAsync(
        "Worker processing", "No worker is alive: none has sent a heartbeat for 30 seconds.",
        new Interference(), settles: false);

    [Fact]
    public async Task A_payment_that_living_workers_leave_alone_fails_the_processing()
    {
        await fixture.Database.ExecuteAsync("INSERT INTO workers (id) VALUES ('busy')");

        await FailsAsync("Worker processing", "Workers alive: 1", new Interference(), settles: false);
    }

    [Theory]
    [InlineData(
        "UPDATE payments SET status = 'failed', failure_reason = 'zero_amount' WHERE id = @id",
        "found:    status \"failed\"")]
    [InlineData(
        "UPDATE payments SET status = 'completed_with_discrepancy', discrepancy = 13 WHERE id = @id",
        "found:    status \"completed_with_discrepancy\"")]
    [InlineData("UPDATE recon_jobs SET locked_by = NULL WHERE id = @id", "expected: claimed by a worker True")]
    [InlineData(
        "UPDATE recon_jobs SET status = 'processing', finished_at = NULL WHERE id = @id",
        "found:    status \"processing\"")]
    [InlineData("DELETE FROM reconciliation_results WHERE payment_id = @id", "found:    matched missing")]
    [InlineData(
        "UPDATE reconciliation_results SET matched = false, status = 'failed' WHERE payment_id = @id",
        "found:    matched false")]
    [InlineData(
        "UPDATE reconciliation_results SET expected_amount = 1 WHERE payment_id = @id", "expectedAmount 0.01")]
    [InlineData("UPDATE reconciliation_results SET actual_amount = 1 WHERE payment_id = @id", "actualAmount 0.01")]
    [InlineData(
        "UPDATE payments SET status = 'pending', settled_at = NULL WHERE id = @id; UPDATE recon_jobs "
            + "SET status = 'dead', buried_at = now(), last_error = 'poison' WHERE id = @id",
        "The worker gave the job up: poison")]
    public Task A_settlement_that_breaks_the_rules_fails_the_processing(string sql, string says) =>
        FailsAsync("Worker processing", says, SqlBefore("payment", sql));

    [Theory]
    [InlineData("DELETE FROM ledger_transactions WHERE id = @id", "transactions with the payment's id 0")]
    [InlineData("UPDATE ledger_transactions SET kind = 'deposit' WHERE id = @id", "found:    kind \"deposit\"")]
    [InlineData("DELETE FROM ledger_entries WHERE transaction_id = @id AND amount < 0", "entries of the transaction 1")]
    [InlineData(
        "INSERT INTO ledger_entries (account_id, position, amount, balance_after, created_at, transaction_id, "
            + "currency) SELECT account_id, 2, amount, balance_after, now(), gen_random_uuid(), currency "
            + "FROM ledger_entries WHERE transaction_id = @id AND amount > 0",
        "found:    entries of the payee 2")]
    [InlineData(
        "UPDATE ledger_entries SET amount = amount + 1 WHERE transaction_id = @id AND amount > 0",
        "found:    sum of the entries 1")]
    [InlineData("UPDATE ledger_entries SET amount = amount * 2 WHERE transaction_id = @id", "amount debited -50150")]
    [InlineData("UPDATE ledger_entries SET currency = 'EUR' WHERE transaction_id = @id", "currency debited \"EUR\"")]
    [InlineData(
        "UPDATE ledger_entries SET currency = 'EUR' WHERE transaction_id = @id AND amount > 0",
        "currency credited \"EUR\"")]
    [InlineData(
        "UPDATE ledger_entries SET balance_after = 0 WHERE transaction_id = @id AND amount < 0",
        "found:    running balance after the debit 0")]
    [InlineData(
        "UPDATE ledger_entries SET balance_after = 0 WHERE transaction_id = @id AND amount > 0",
        "found:    running balance after the credit 0")]
    [InlineData(
        "UPDATE ledger_entries SET position = 2 WHERE transaction_id = @id AND amount > 0; UPDATE ledger_transactions "
            + "SET positions = (SELECT array_agg(e.position ORDER BY e.account_id) FROM ledger_entries AS e "
            + "WHERE e.transaction_id = @id) WHERE id = @id",
        "found:    position of the credit 2")]
    [InlineData(
        "UPDATE accounts SET name = name || 'x' WHERE name LIKE 'clearing/%'", "expected: account debited \"clearing/")]
    [InlineData(
        "UPDATE ledger_entries SET amount = -amount WHERE transaction_id = @id", "found:    account debited \"valid")]
    public Task Books_that_do_not_hold_the_payment_once_fail_the_ledger(string sql, string says) =>
        FailsAsync("Ledger updates", says, SqlAfter("payment", NoTriggers + sql));

    [Theory]
    [InlineData("UPDATE accounts SET balance = balance + 1 WHERE name = @account", "found:    balance 250.76")]
    [InlineData("UPDATE accounts SET position = 2 WHERE name = @account", "found:    version 2")]
    [InlineData("UPDATE accounts SET name = 'lost' || name WHERE name = @account", "404:")]
    public Task A_balance_that_is_not_what_was_paid_fails_its_endpoint(string sql, string says) =>
        FailsAsync("Balance endpoint", says, SqlBefore("balance", NoTriggers + sql));

    [Theory]
    [InlineData("accountId", "\"ACC-001\"", "found:    accountId \"ACC-001\"")]
    [InlineData("pending", "250.75", "found:    pending 250.75")]
    [InlineData("available", "0.00", "found:    available 0.00")]
    [InlineData("currency", "\"EUR\"", "found:    currency \"EUR\"")]
    public Task A_balance_with_another_member_fails_its_endpoint(string member, string value, string says) =>
        FailsAsync("Balance endpoint", says, new Interference
        {
            After = (name, response) =>
                name == "balance" ? Interference.SetAsync(response, member, value) : Task.CompletedTask,
        });

    [Fact]
    public Task A_balance_that_its_entries_do_not_add_up_to_fails_the_endpoint() => FailsAsync(
        "Balance endpoint", "expected: balance 0.00",
        SqlBefore("balance", NoTriggers + "DELETE FROM ledger_entries WHERE transaction_id = @id AND amount > 0"));

    [Theory]
    [InlineData("replay", "expected: Idempotent-Replayed \"true\"")]
    [InlineData("other", "Another body under a key that was used must be refused.")]
    public Task A_repetition_that_pays_again_fails_the_idempotency(string request, string says) =>
        FailsAsync("Idempotency", says, new Interference
        {
            Before = (name, message) =>
            {
                if (name == request)
                {
                    message.Headers.Remove("Idempotency-Key");
                    message.Headers.Add("Idempotency-Key", PaymentRequests.NewKey());
                }

                return Task.CompletedTask;
            },
        });

    [Fact]
    public Task A_replay_of_another_answer_fails_the_idempotency() => FailsAsync(
        "Idempotency", "body",
        new Interference
        {
            After = (name, response) =>
                name == "replay" ? Interference.SetAsync(response, "status", "\"completed\"") : Task.CompletedTask,
        });

    [Fact]
    public Task A_replay_that_leads_elsewhere_fails_the_idempotency() => FailsAsync(
        "Idempotency", "found:    Location \"/payments/other\"",
        AfterAnswer("replay", response => response.Headers.Location = new Uri("/payments/other", UriKind.Relative)));

    [Fact]
    public Task A_refusal_for_another_reason_fails_the_idempotency() => FailsAsync(
        "Idempotency", "found:    code \"unprocessable\"",
        new Interference
        {
            After = (name, response) =>
                name == "other" ? Interference.SetAsync(response, "code", "\"unprocessable\"") : Task.CompletedTask,
        });

    [Theory]
    [InlineData(
        "INSERT INTO payments (id, kind, payee_account, amount, currency, owner_id, idempotency_key, fingerprint, "
            + "created_at) SELECT gen_random_uuid(), kind, payee_account, amount, currency, owner_id, id::text, "
            + "fingerprint, created_at FROM payments WHERE id = @id",
        "found:    payments 2")]
    [InlineData("DELETE FROM recon_jobs WHERE id = @id", "found:    jobs 0")]
    [InlineData("DELETE FROM reconciliation_results WHERE payment_id = @id", "found:    results 0")]
    [InlineData("DELETE FROM ledger_transactions WHERE id = @id", "found:    ledger transactions 0")]
    [InlineData("DELETE FROM ledger_entries WHERE transaction_id = @id", "found:    entries of the payee 0")]
    public Task A_repetition_that_changes_the_books_fails_the_idempotency(string sql, string says) =>
        FailsAsync("Idempotency", says, SqlAfter("other", NoTriggers + sql));

    private static Interference AfterAnswer(string request, Action<HttpResponseMessage> change) => new()
    {
        After = (name, response) =>
        {
            if (name == request)
            {
                change(response);
            }

            return Task.CompletedTask;
        },
    };

    private Interference SqlAfter(string request, string sql) => new()
    {
        After = (name, _) => name == request ? TamperAsync(sql) : Task.CompletedTask,
    };

    private Interference SqlBefore(string request, string sql) => new()
    {
        Before = (name, _) => name == request ? TamperAsync(sql) : Task.CompletedTask,
    };

    private async Task TamperAsync(string sql) =>
        Assert.NotEqual(0, await fixture.Database.ExecuteAsync(sql, new { id = await FindAsync(), account = Account }));

    private Task<Guid> FindAsync() => fixture.Database.ScalarAsync<Guid>(
        "SELECT id FROM payments WHERE payee_account = @Account ORDER BY created_at, id LIMIT 1", new { Account });

    /// <summary>Runs the checks against the API with one fault, and expects that this check finds it.</summary>
    private async Task FailsAsync(
        string check, string says, Interference fault, bool settles = true, TestDatabase? database = null)
    {
        var settling = new SettlingHandler(fault, async () =>
        {
            if (settles)
            {
                await Settlement.CompleteAsync(fixture.Database, await FindAsync());
            }
        });
        var (passed, output) = await RunAsync(settling, database ?? fixture.Database);

        var place = Array.IndexOf(Names, check);
        Assert.False(passed);
        Assert.Contains(says, output, StringComparison.Ordinal);
        Assert.EndsWith(
            $"""

            ❌ VALIDATION CHECK FAILED: {check}

            Summary:
            {string.Join('\n', Names.Select((name, i) => $"  • {name}: {(i < place ? "✅" : i == place ? "❌" : "–")}"))}

            """,
            output,
            StringComparison.Ordinal);
    }

    private async Task<(bool Passed, string Output)> RunAsync(HttpMessageHandler handler, TestDatabase database)
    {
        var options = new ValidationOptions(
            fixture.Client.BaseAddress!, ApiServer.Key, database.AppConnectionString, TimeSpan.FromMilliseconds(1));
        using var http = new HttpClient(handler) { BaseAddress = options.Api };
        http.DefaultRequestHeaders.Authorization = new("Bearer", options.ApiKey);
        var output = new StringWriter();
        var passed = await new ValidateSystem(http, database.App, options, TimeProvider.System, output)
            .RunAsync(_run, TestContext.Current.CancellationToken);
        return (passed, output.ToString());
    }

    // What was done to the books of one test must not be seen by the next.
    public async ValueTask DisposeAsync() => await fixture.Database.ExecuteAsync(
        NoTriggers + "TRUNCATE ledger_entries, ledger_transactions, accounts, workers");

    /// <summary>Stands in for the worker: settles the payment right before the API is first asked for it.</summary>
    private sealed class SettlingHandler(HttpMessageHandler inner, Func<Task> settle) : DelegatingHandler(inner)
    {
        private bool _settled;

        protected override async Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (!_settled && request.Method == HttpMethod.Get)
            {
                _settled = true;
                await settle();
            }

            return await base.SendAsync(request, cancellationToken);
        }
    }
}

using Payments.Client;

namespace Payments.Api.Tests;

/// <summary>The UI keeps records of its own for what the API answers; here it reads the API's real answers.</summary>
public sealed class WebContractTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private PaymentsApi Api => new(fixture.Client);

    [Fact]
    public async Task The_ui_reads_a_payment_from_its_creation_to_its_entries()
    {
        var key = Guid.CreateVersion7();
        var asked = new NewPayment("ACC-WEB", 250.13m, "USD", "Order 7");
        var created = (await Api.CreatePaymentAsync(asked, key, Cancel)).Value!;
        var again = (await Api.CreatePaymentAsync(asked, key, Cancel)).Value!;
        Assert.Equal((false, true, created.Payment), (created.Replayed, again.Replayed, again.Payment));
        Assert.True(created.Payment.IsPending);

        await Settlement.CompleteAsync(fixture.Database, created.Payment.Id, discrepancy: 13);
        var settled = (await Api.GetPaymentAsync(created.Payment.Id, Cancel)).Value!;

        Assert.Equal("completed_with_discrepancy", settled.Status);
        Assert.Equal((250.13m, 0.13m), (settled.Amount, settled.Discrepancy));
        Assert.Equal((250.13m, 250.00m), (settled.Reconciliation!.ExpectedAmount, settled.Reconciliation.ActualAmount));
        Assert.Equal("completed", settled.Job!.Status);
        Assert.Equal(["debit", "credit"], settled.LedgerEntries!.Select(entry => entry.Direction));
        Assert.NotNull(settled.TimeToSettle);
    }

    [Fact]
    public async Task Every_key_that_the_client_takes_arrives_as_it_is_and_names_a_request_of_its_own()
    {
        string[] keys = ["order,1001", "a", "a ", " a", @"a\b", "say \"a\"", "\"a\"", new('k', 255)];

        foreach (var key in keys)
        {
            var (created, problem) = await Api.CreatePaymentAsync(
                new NewPayment("ACC-WEB-KEYS", 1m, "USD", null), key, Cancel);
            Assert.Null(problem);
            Assert.False(created!.Replayed);
        }

        Assert.Equal(
            keys,
            await fixture.Database.QueryAsync<string>(
                "SELECT idempotency_key FROM payments WHERE payee_account = 'ACC-WEB-KEYS' ORDER BY id"));
    }

    [Fact]
    public async Task The_ui_makes_and_reads_refunds()
    {
        var id = await fixture.Client.PayAsync("ACC-WEB-BACK", 100);
        await Settlement.CompleteAsync(fixture.Database, id);
        var key = Guid.CreateVersion7();
        var part = new NewRefund(40, "duplicate");

        var made = (await Api.RefundPaymentAsync(id, part, key, Cancel)).Value!;
        var again = (await Api.RefundPaymentAsync(id, part, key, Cancel)).Value!;
        var payment = (await Api.GetPaymentAsync(id, Cancel)).Value!;
        var rest = (await Api.RefundPaymentAsync(id, new NewRefund(null, null), Guid.CreateVersion7(), Cancel)).Value!;
        var tooMuch = (await Api.RefundPaymentAsync(id, part, Guid.CreateVersion7(), Cancel)).Problem!;

        Assert.Equal((40m, true, "duplicate"), (made.Refund.Amount, made.Refund.IsPending, made.Refund.Reason));
        Assert.Equal((false, true, made.Refund), (made.Replayed, again.Replayed, again.Refund));
        Assert.Equal([made.Refund], payment.Refunds!);
        Assert.Equal((60m, 60m), (payment.Remaining, rest.Refund.Amount));
        Assert.Equal("refund_exceeds_remaining", tooMuch.Code);
        Assert.NotNull(tooMuch.ErrorOf("amount"));
    }

    [Fact]
    public async Task The_ui_reads_lists_balances_and_entries()
    {
        var id = await fixture.Client.PayAsync("ACC-LISTS", 1_000, "JPY");
        await Settlement.CompleteAsync(fixture.Database, id);
        await fixture.Client.PayAsync("ACC-LISTS", 500, "JPY");

        var payments = (await Api.ListPaymentsAsync("ACC-LISTS", status: null, new Cursor(), 1, Cancel)).Value!;
        var balance = (await Api.GetBalanceAsync("ACC-LISTS", "JPY", Cancel)).Value!;
        var entries = (await Api.ListEntriesAsync("ACC-LISTS", "JPY", new Cursor(), 10, Cancel)).Value!;

        Assert.Equal((500m, true), (payments.Data.Single().Amount, payments.HasMore));
        Assert.Equal((1_000m, 500m, 1L), (balance.Amount, balance.Pending, balance.Version));
        var entry = Assert.Single(entries.Data);
        Assert.Equal((id, 1_000m, 1_000m), (entry.TransactionId, entry.Amount, entry.BalanceAfter));
    }

    [Fact]
    public async Task The_ui_opens_accounts_lists_them_and_moves_money_between_them()
    {
        var opened = (await Api.OpenAccountAsync(new NewAccount("ACC-WEB-MIN", "EUR", -10m), Cancel)).Value!;
        var accounts = (await Api.ListAccountsAsync("acc-web-min", new Cursor(), 10, Cancel)).Value!;
        var balance = (await Api.GetBalanceAsync("ACC-WEB-MIN", "EUR", Cancel)).Value!;
        Assert.Equal((-10m, opened), (opened.MinimumBalance, Assert.Single(accounts.Data)));
        Assert.Equal((-10m, 0m, 0m), (balance.MinimumBalance, balance.PendingIn, balance.PendingOut));

        var asked = new NewTransfer("ACC-WEB-MIN", "ACC-WEB-TO", 7.5m, "EUR", "Rent");
        var key = Guid.CreateVersion7();
        var created = (await Api.CreateTransferAsync(asked, key, Cancel)).Value!;
        var again = (await Api.CreateTransferAsync(asked, key, Cancel)).Value!;
        var transfer = (await Api.GetPaymentAsync(created.Id, Cancel)).Value!;
        Assert.Equal((false, true, created.Id), (created.Replayed, again.Replayed, again.Id));
        Assert.Equal(("ACC-WEB-MIN", true), (transfer.PayerAccountId, transfer.IsCancellable));
        Assert.Equal(7.5m, (await Api.GetBalanceAsync("ACC-WEB-MIN", "EUR", Cancel)).Value!.PendingOut);

        var cancelled = (await Api.CancelPaymentAsync(created.Id, Cancel)).Value!;
        Assert.Equal(cancelled, (await Api.CancelPaymentAsync(created.Id, Cancel)).Value);
        Assert.Equal("cancelled", cancelled.Status);
        Assert.False((await Api.GetPaymentAsync(created.Id, Cancel)).Value!.IsCancellable);

        using var file = (await Api.DownloadStatementAsync("ACC-WEB-MIN", null, null, null, Cancel)).ValueOrThrow();
        Assert.Equal("text/csv", file.MediaType);
    }

    [Fact]
    public async Task The_ui_reads_whose_key_it_presents()
    {
        await TestKeys.AddAsync(fixture.Database, "lasting", "lasting-key", expiresIn: "1 hour");
        using var client = fixture.Api.CreateClient("lasting-key");

        var key = (await new PaymentsApi(client).GetCurrentKeyAsync(Cancel)).Value!;

        Assert.Equal("lasting", key.Owner);
        Assert.True(key.ExpiresAt > TimeProvider.System.GetUtcNow());
    }

    [Fact]
    public async Task The_ui_shows_what_the_api_refuses_beside_the_field()
    {
        var problem = (await Api.CreatePaymentAsync(
            new NewPayment("ACC-WEB", 0.001m, "USD", null), Guid.CreateVersion7(), Cancel)).Problem!;

        Assert.Equal("unprocessable", problem.Code);
        Assert.NotNull(problem.ErrorOf("amount"));
        Assert.NotNull(problem.TraceId);
        Assert.True((await Api.GetBalanceAsync("nobody", null, Cancel)).Problem!.IsNotFound);
    }

    [Fact]
    public async Task The_ui_reads_the_queue_and_operates_it()
    {
        var dead = new QueuedPayment("ACC-WEB-DEAD", 700);
        await fixture.Database.QueueAsync(dead);
        await fixture.Database.BuryAsync("no room", dead.Id);
        var operating = await OperatorAsync();

        var letter = (await operating.ListDeadLettersAsync(new Cursor(), 1, Cancel)).Value!.Data.Single();
        Assert.Equal((dead.Id, 7.00m, "no room"), (letter.PaymentId, letter.Amount, letter.LastError));
        Assert.Equal(1, (await operating.RedriveAsync(letter.Id, Cancel)).Value!.Count);
        Assert.Equal(0, (await operating.RedriveAsync(null, Cancel)).Value!.Count);
        Assert.True((await operating.PauseAsync(null, "month end", Cancel)).Value!.Pause.Paused);
        var stats = (await operating.GetQueueStatsAsync(Cancel)).Value!;
        Assert.Equal((0, "month end"), (stats.Dead, stats.Pause.Reason));
        Assert.False((await operating.ResumeAsync(null, Cancel)).Value!.Pause.Paused);
        Assert.Equal("worker_not_found", (await operating.PauseAsync("nobody", null, Cancel)).Problem!.Code);
    }

    [Fact]
    public async Task The_ui_reads_the_report_of_an_account()
    {
        await Settlement.CompleteAsync(fixture.Database, await fixture.Client.PayAsync("ACC-WEB-REPORT", 12));
        await fixture.Database.ExecuteAsync("UPDATE accounts SET balance = 1 WHERE name = 'ACC-WEB-REPORT'");
        var operating = await OperatorAsync();

        var made = (await operating.ReconcileAsync("ACC-WEB-REPORT", "USD", 10, Cancel)).Value!;
        var read = (await operating.GetReportAsync("ACC-WEB-REPORT", "USD", 10, Cancel)).Value!;

        Assert.Equal(made.Report, read.Report);
        Assert.Equal((12.00m, 0.01m), (read.Report.ClosingBalance.BySum, read.Report.ClosingBalance.ByAccount));
        var finding = Assert.Single(read.Findings.Data);
        Assert.Equal(("account_row_mismatch", 12.00m, 0.01m), (finding.Kind, finding.Expected, finding.Actual));
    }

    [Fact]
    public async Task The_ui_records_lists_and_ends_flows()
    {
        var key = Guid.CreateVersion7();
        var asked = new NewFlow("ACC-WEB-FLOW", 10.5m, null, null, "web-flow", null);
        var made = (await Api.CreateFlowAsync(FlowRoute.Deposits, asked, key, Cancel)).Value!;
        var again = (await Api.CreateFlowAsync(FlowRoute.Deposits, asked, key, Cancel)).Value!;
        Assert.Equal((false, true, made.Flow), (made.Replayed, again.Replayed, again.Flow));
        Assert.Equal((10.5m, "USDC", true), (made.Flow.Amount, made.Flow.Currency, made.Flow.IsOpen));

        var completed = (await Api.CompleteFlowAsync(FlowRoute.Deposits, made.Flow.Id, Cancel)).Value!;
        Assert.Equal("completed", completed.Status);
        Assert.Equal(
            "flow_ended",
            (await Api.FailFlowAsync(FlowRoute.Deposits, made.Flow.Id, "late", Cancel)).Problem!.Code);
        var listed = (await Api.ListFlowsAsync(
            FlowRoute.Deposits, "ACC-WEB-FLOW", "completed", new Cursor(), 10, Cancel)).Value!;
        Assert.Equal(completed, Assert.Single(listed.Data));

        var conversion = new NewFlow("ACC-WEB-FLOW", null, 1.5m, null, null, null);
        var converting = (await Api.CreateFlowAsync(
            FlowRoute.Conversions, conversion, Guid.CreateVersion7(), Cancel)).Value!;
        Assert.Equal((1.5m, 1.5m), (converting.Flow.UsdcAmount, converting.Flow.UsdAmount));
        var tooMuch = (await Api.CreateFlowAsync(
            FlowRoute.Withdrawals, asked, Guid.CreateVersion7(), Cancel)).Problem!;
        Assert.Equal("account_not_found", tooMuch.Code);
    }

    [Fact]
    public async Task The_ui_administers_the_targets_of_alerts()
    {
        var operating = await OperatorAsync();
        string[] types = ["reconciliation.exception.opened"];

        var target = (await operating.AddWebhookTargetAsync(
            "https://hooks.example.com/ui", "The desk", types, Guid.CreateVersion7(), Cancel)).Value!;
        var rotated = (await operating.RotateWebhookSecretAsync(target.Id, null, Guid.CreateVersion7(), Cancel)).Value!;
        var test = (await operating.TestWebhookTargetAsync(target.Id, Guid.CreateVersion7(), Cancel)).Value!;
        var replayed = (await operating.ReplayWebhookDeliveryAsync(test.Id, Guid.CreateVersion7(), Cancel)).Value!;
        var all = (await operating.ReplayWebhookDeliveriesAsync(
            test.CreatedAt, null, Guid.CreateVersion7(), Cancel)).Value!;
        var disabled = (await operating.ChangeWebhookTargetAsync(target.Id, new(Enabled: false), Cancel)).Value!;
        var targets = (await operating.ListWebhookTargetsAsync(new Cursor(), 100, Cancel)).Value!;
        var deliveries = (await operating.ListWebhookDeliveriesAsync(
            target.Id, "pending", new Cursor(), 10, Cancel)).Value!;

        Assert.NotNull(target.Secret);
        Assert.NotEqual(target.Secret, rotated.Secret);
        Assert.Equal(("pending", 1, 0), (replayed.Status, replayed.Replays, all.Count));
        Assert.False(disabled.Enabled);
        Assert.Null(targets.Data.Single(one => one.Id == target.Id).Secret);
        Assert.Equal(replayed, deliveries.Data.Single(one => one.Id == test.Id));
    }

    [Fact]
    public async Task The_ui_works_at_the_desk()
    {
        var operating = await OperatorAsync();
        var (id, deposit) = await fixture.Database.PlantDepositAsync("ACC-WEB-DESK", 10_400_000, 10_000_000);
        var filter = new DeskFilter("unresolved", Account: "ACC-WEB-DESK");

        var listed = (await operating.ListExceptionsAsync(filter, new Cursor(), 10, Cancel)).Value!.Data.Single();
        var assigned = (await operating.AssignExceptionAsync(id, "anna", null, listed.Version, null, Cancel)).Value!;
        var stale = (await operating.ResolveExceptionAsync(id, null, "Late.", listed.Version, null, Cancel)).Problem!;
        await operating.CommentOnExceptionAsync(id, "Ours.", RequestKey.New(), Cancel);
        var posted = (await operating.ProposeAdjustmentAsync(
            id, new NewAdjustment("adjustment", "Ours.", assigned.Version), null, Cancel)).Value!;
        var undone = (await operating.UndoAdjustmentAsync(posted.Id, null, Cancel)).Value!;
        var whole = (await operating.GetExceptionAsync(id, Cancel)).Value!;

        Assert.Equal((10.4m, 10m, -0.4m), (listed.Expected, listed.Actual, listed.Difference));
        Assert.Equal(("anna", "exception_changed"), (assigned.Assignee, stale.Code));
        Assert.Equal(("posted", 0.4m, "undone"), (posted.Status, posted.Amount, undone.Status));
        Assert.Equal(
            ["assigned", "commented", "adjustment_posted", "adjustment_undone"],
            whole.Story.Select(line => line.Kind));
        Assert.Equal((deposit, undone), (whole.Evidence.Flow!.Id, Assert.Single(whole.Adjustments)));
    }

    private async Task<PaymentsApi> OperatorAsync()
    {
        string[] scopes = [.. TestKeys.ReadAndWrite, "queue:admin", "reconciliation:admin"];
        await TestKeys.AddAsync(fixture.Database, "operator", "key-of-the-operator", scopes);
        return new(fixture.Api.CreateClient("key-of-the-operator"));
    }
}

using Microsoft.AspNetCore.Components;
using Payments.Web.Accounts;
using Payments.Web.Alerts;
using Payments.Web.Flows;
using Payments.Web.Payments;
using Payments.Web.Queue;
using Payments.Web.Reconciliation;
using Payments.Web.Tests.Queue;
using Payments.Web.Tests.Reconciliation;

namespace Payments.Web.Tests.Layout;

/// <summary>The second page of a list does not call the list empty when all that was on it has gone.</summary>
public sealed class EmptiedPageTests
{
    private const string After = "after=" + Answers.PaymentId;

    [Fact]
    public Task Payments_that_are_no_longer_pending_leave_a_page_with_a_way_back() =>
        ShouldLeadBackAsync<PaymentsPage>("/payments", "/?status=pending", "No payment matches");

    [Fact]
    public Task Accounts_leave_a_page_with_a_way_back() =>
        ShouldLeadBackAsync<AccountsPage>("/accounts", "/accounts?search=x", "No account matches");

    [Fact]
    public Task Deposits_that_are_no_longer_pending_leave_a_page_with_a_way_back() =>
        ShouldLeadBackAsync<FlowsPage>("/api/v1/deposits", "/flows/deposits?status=pending", "No deposit matches");

    [Fact]
    public Task Dead_letters_that_were_redriven_leave_a_page_with_a_way_back() =>
        ShouldLeadBackAsync<QueuePage>("/api/v1/queue/dead-letters", "/queue", "None. A payment that fails");

    [Fact]
    public Task Deliveries_that_arrived_leave_a_page_with_a_way_back() =>
        ShouldLeadBackAsync<AlertsPage>("/api/admin/webhooks/deliveries", "/alerts?status=failed", "None that is");

    [Fact]
    public Task Exceptions_that_were_resolved_leave_a_page_with_a_way_back() =>
        ShouldLeadBackAsync<ExceptionsPage>(
            DeskAnswers.Admin + "/exceptions", "/exceptions?severity=high", "No exception matches");

    private static async Task ShouldLeadBackAsync<TPage>(string path, string first, string empty)
        where TPage : IComponent
    {
        var api = new FakeApi()
            .Answers("/api/v1/queue/stats", QueueAnswers.Stats())
            .Answers("/api/admin/webhooks", Answers.EmptyList)
            .Answers(DeskAnswers.Admin + "/adjustments", Answers.EmptyList)
            .Answers(path, Answers.EmptyList);
        var separator = first.Contains('?', StringComparison.Ordinal) ? '&' : '?';

        await using var onlyPage = await Screen.OpenAsync<TPage>(api, first);
        await using var laterPage = await Screen.OpenAsync<TPage>(api, first + separator + After);

        Assert.Contains(empty, await onlyPage.HtmlAsync(), StringComparison.Ordinal);
        var html = await laterPage.HtmlAsync();
        Assert.DoesNotContain(empty, html, StringComparison.Ordinal);
        Assert.Contains($"<a href=\"{first}\">Back to its first page</a>", html, StringComparison.Ordinal);
    }
}

using System.Text.Json;
using Payments.Ledger.Reconciliation;
using Payments.Ledger.Webhooks;

namespace Payments.Ledger.Tests.Webhooks;

public sealed class WebhookEventTests
{
    private static readonly DateTimeOffset Time = new(2026, 3, 1, 12, 30, 0, TimeSpan.Zero);
    private static readonly Guid ExceptionId = new("019cae60-9c50-70d4-b1a7-62c8e3f5d043");
    private static readonly Guid ReportId = new("019cae5c-2d40-7a31-9f0e-3b1f0c7a5d10");

    [Fact]
    public void An_alert_tells_what_is_wrong_with_amounts_as_decimal_texts()
    {
        var alert = ExceptionAlert.Of(
            ExceptionId, Severity.High, CheckType.Deposits, "USDC 0.50 are missing — „Größe“", 100_000_000, 99_500_000,
            "USDC", ReportId, Time);

        var payload = alert.ToEvent(WebhookEventType.ExceptionOpened).Payload();

        Assert.Equal(
            """
            {"type":"reconciliation.exception.opened","timestamp":"2026-03-01T12:30:00Z","data":{
            "exception_id":"019cae60-9c50-70d4-b1a7-62c8e3f5d043","severity":"high","check_type":"deposits",
            "description":"USDC 0.50 are missing — „Größe“","expected":"100.000000","actual":"99.500000",
            "difference":"-0.500000","currency":"USDC","report_id":"019cae5c-2d40-7a31-9f0e-3b1f0c7a5d10",
            "timestamp":"2026-03-01T12:30:00Z"}}
            """.ReplaceLineEndings(""),
            payload);
    }

    [Fact]
    public void A_break_without_an_amount_has_none_in_its_alert()
    {
        var alert = ExceptionAlert.Of(
            ExceptionId, Severity.Critical, CheckType.LedgerConsistency, "An orphan", null, null, null, null, Time);

        using var payload = JsonDocument.Parse(alert.ToEvent(WebhookEventType.ExceptionResolved).Payload());

        var data = payload.RootElement.GetProperty("data");
        foreach (var member in new[] { "expected", "actual", "difference", "currency", "report_id" })
        {
            Assert.Equal(JsonValueKind.Null, data.GetProperty(member).ValueKind);
        }
    }

    [Fact]
    public void A_long_description_is_cut_so_that_the_payload_stays_small()
    {
        var alert = ExceptionAlert.Of(
            ExceptionId, Severity.High, CheckType.Deposits, new string('ü', 50_000), null, null, null, null, Time);

        Assert.True(alert.ToEvent(WebhookEventType.ExceptionOpened).Payload().Length < 5_000);
    }

    [Fact]
    public void An_event_that_is_too_large_for_receivers_is_refused() =>
        Assert.Throws<InvalidOperationException>(() =>
            new WebhookEvent(WebhookEventType.Test, Time, new { text = new string('x', 20_000) }).Payload());

    [Theory]
    [InlineData(Severity.Low, false)]
    [InlineData(Severity.Medium, false)]
    [InlineData(Severity.High, true)]
    [InlineData(Severity.Critical, true)]
    public void High_and_critical_exceptions_are_told_of(string severity, bool told) =>
        Assert.Equal(told, ExceptionAlert.IsRaisedFor(severity));
}

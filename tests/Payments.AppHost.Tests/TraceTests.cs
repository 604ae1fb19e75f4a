using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Payments.AppHost.Tests.Telemetry;

namespace Payments.AppHost.Tests;

/// <summary>What of one payment can be followed from service to service.</summary>
[Collection(nameof(RunningApplication))]
public sealed class TraceTests(RunningApplication fixture, ITestOutputHelper output)
    : ApplicationTests(fixture, output)
{
    private readonly SpanReceiver _spans = fixture.Spans;

    [Fact]
    public async Task One_trace_holds_a_payments_request_its_wait_in_the_queue_and_its_settlement()
    {
        var payment = await Application.PayAsync("trace-payment", 12.50m, Cancel);
        var answer = await Application.Api.GetFromJsonAsync<JsonElement>($"/payments/{payment}", Cancel);
        var trace = answer.GetProperty("traceId").GetString()!;

        var request = await SpanAsync(trace, "api", "POST /payments");
        var wait = await SpanAsync(trace, "worker", "queue wait");
        var settle = await SpanAsync(trace, "worker", "settle");

        Assert.Equal([request.SpanId, request.SpanId], [wait.ParentId, settle.ParentId]);
    }

    [Fact]
    public async Task A_settlement_links_to_the_trace_of_its_batch_with_the_claim()
    {
        var payment = await Application.PayAsync("trace-batch", 12.50m, Cancel);
        var answer = await Application.Api.GetFromJsonAsync<JsonElement>($"/payments/{payment}", Cancel);
        var settle = await SpanAsync(answer.GetProperty("traceId").GetString()!, "worker", "settle");

        var batch = Assert.Single(settle.Links);

        Assert.NotEqual(settle.TraceId, batch);
        var root = await SpanAsync(batch, "worker", "settle batch");
        Assert.Equal(root.SpanId, (await SpanAsync(batch, "worker", "claim (SKIP LOCKED)")).ParentId);
        Assert.Equal(root.SpanId, (await SpanAsync(batch, "worker", "settlement")).ParentId);
    }

    [Fact]
    public async Task One_trace_holds_a_page_and_the_calls_to_the_API_that_fill_it()
    {
        var payment = await Application.PayAsync("trace-page", 12.50m, Cancel);
        using var visit = new Activity("visit") { ActivityTraceFlags = ActivityTraceFlags.Recorded }.Start();
        await Application.Web.GetStringAsync($"/payments/{payment}", Cancel);
        visit.Stop();

        var trace = visit.TraceId.ToHexString();
        var call = await SpanAsync(trace, "api", "GET /payments/{id}");

        await _spans.WaitForAsync(
            span => span.TraceId == trace && span.Service == "web" && span.SpanId == call.ParentId, Cancel);
    }

    private Task<ReceivedSpan> SpanAsync(string trace, string service, string name) => _spans.WaitForAsync(
        span => span.TraceId == trace && span.Service == service && span.Name == name, Cancel);
}

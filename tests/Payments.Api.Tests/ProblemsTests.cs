using System.Text;
using Payments.Api.Tests.Flows;
using Payments.Api.Tests.Refunds;

namespace Payments.Api.Tests;

public sealed class ProblemsTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private const string TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

    // Written with apostrophes in place of quotes, for the eye.
    [Theory]
    [InlineData(
        "GET", "/nowhere", null, 404,
        "{'type':'/problems/not-found','title':'There is nothing here','status':404," +
        "'detail':'Nothing has this address.','instance':'/nowhere','code':'not_found'," +
        "'traceId':'0af7651916cd43dd8448eb211c80319c'}")]
    [InlineData(
        "DELETE", "/payments", null, 405,
        "{'type':'/problems/method-not-allowed','title':'The resource does not have this method','status':405," +
        "'detail':'The resource does not have this method.','instance':'/payments','code':'method_not_allowed'," +
        "'traceId':'0af7651916cd43dd8448eb211c80319c'}")]
    [InlineData(
        "GET", "/payments/7", null, 404,
        "{'type':'/problems/payment-not-found','title':'No payment has this id','status':404," +
        "'detail':'No payment has this id.','instance':'/payments/7','code':'payment_not_found'," +
        "'traceId':'0af7651916cd43dd8448eb211c80319c'}")]
    [InlineData(
        "GET", "/payments/00000000-0000-7000-8000-000000000000", null, 404,
        "{'type':'/problems/payment-not-found','title':'No payment has this id','status':404," +
        "'detail':'No payment has this id.','instance':'/payments/00000000-0000-7000-8000-000000000000'," +
        "'code':'payment_not_found'," +
        "'traceId':'0af7651916cd43dd8448eb211c80319c'}")]
    [InlineData(
        "POST", "/payments", "{]", 400,
        "{'type':'/problems/invalid-json','title':'The body is not valid JSON','status':400," +
        "'detail':'The body is not valid JSON: line 1, byte 2.','instance':'/payments','code':'invalid_json'," +
        "'traceId':'0af7651916cd43dd8448eb211c80319c'}")]
    [InlineData(
        "POST", "/payments", """{"accountId":"A","amount":1.005}""", 422,
        "{'type':'/problems/unprocessable','title':'A value is refused','status':422," +
        "'detail':'A value of the payment is not accepted.','instance':'/payments','code':'unprocessable'," +
        "'traceId':'0af7651916cd43dd8448eb211c80319c'," +
        "'errors':[{'detail':'must have at most 2 decimals in USD','pointer':'#/amount','code':'too_many_decimals'}]}")]
    [InlineData(
        "GET", "/payments?limit=0&colour=red", null, 400,
        "{'type':'/problems/invalid-request','title':'The request has the wrong shape','status':400," +
        "'detail':'The query string is not valid.','instance':'/payments','code':'invalid_request'," +
        "'traceId':'0af7651916cd43dd8448eb211c80319c'," +
        "'errors':[{'detail':'is not a parameter of this list','parameter':'colour','code':'unknown_parameter'}," +
        "{'detail':'must be a whole number from 1 to 100','parameter':'limit','code':'invalid_limit'}]}")]
    public async Task Production_and_development_refuse_with_the_same_body(
        string method, string address, string? body, int status, string problem)
    {
        await using var development = ApiServer.Start(fixture.Database.AppConnectionString, "Development");

        foreach (var client in new[] { fixture.Client, development.Client })
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), address);
            request.Headers.Add("traceparent", TraceParent);
            request.Headers.Add("Idempotency-Key", PaymentRequests.NewKey());
            request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
            using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);

            Assert.Equal(status, (int)response.StatusCode);
            Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.ToString());
            Assert.Equal(
                problem.Replace('\'', '"'),
                await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task The_address_in_a_problems_type_documents_it()
    {
        using var stranger = fixture.Api.CreateClient();
        foreach (var type in ProblemTypes.All)
        {
            var page = await stranger.GetStringAsync(
                new Uri(type.Uri, UriKind.Relative), TestContext.Current.CancellationToken);

            Assert.Contains(type.Documentation, page, StringComparison.Ordinal);
        }

        Assert.Equal(
            ProblemTypes.All.Count, ProblemTypes.All.DistinctBy(type => type.Uri, StringComparer.Ordinal).Count());
    }

    [Fact]
    public async Task The_OpenAPI_document_needs_no_key_and_names_every_operation()
    {
        using var stranger = fixture.Api.CreateClient();
        var document = await stranger.GetJsonAsync("/openapi/v1.json");

        var operations = document.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(operation => $"{operation.Name} {path.Name}"))
            .Order(StringComparer.Ordinal);
        Assert.Equal(
            [
                "delete /api/admin/webhooks/{id}", "get /accounts", "get /accounts/{accountId}/balance",
                "get /accounts/{accountId}/ledger", "get /accounts/{accountId}/statement", "get /alive",
                "get /api/admin/reconciliation/adjustments", "get /api/admin/reconciliation/adjustments/{id}",
                "get /api/admin/reconciliation/checks", "get /api/admin/reconciliation/checks/{checkType}/trend",
                "get /api/admin/reconciliation/exceptions", "get /api/admin/reconciliation/exceptions/{id}",
                "get /api/admin/reconciliation/providers", "get /api/admin/reconciliation/reports",
                "get /api/admin/reconciliation/reports/{id}", "get /api/admin/webhooks",
                "get /api/admin/webhooks/deliveries", "get /api/admin/webhooks/deliveries/{id}",
                "get /api/admin/webhooks/{id}", "get /api/v1/accounts",
                "get /api/v1/accounts/{accountId}/audit-trail", "get /api/v1/accounts/{accountId}/balance",
                "get /api/v1/accounts/{accountId}/ledger",
                "get /api/v1/accounts/{accountId}/reconciliation-difference",
                "get /api/v1/accounts/{accountId}/reconciliation-history",
                "get /api/v1/accounts/{accountId}/statement", "get /api/v1/audit/events",
                "get /api/v1/audit/verification", "get /api/v1/cache/stats", "get /api/v1/conversions",
                "get /api/v1/conversions/{id}", "get /api/v1/deposits", "get /api/v1/deposits/{id}",
                "get /api/v1/health", "get /api/v1/keys/current", "get /api/v1/queue/dead-letters",
                "get /api/v1/queue/redrives", "get /api/v1/queue/stats", "get /api/v1/ready",
                "get /api/v1/transactions/status/{key}", "get /api/v1/transactions/{id}", "get /api/v1/withdrawals",
                "get /api/v1/withdrawals/{id}", "get /events", "get /health", "get /payments",
                "get /payments/{id}",
                "get /payments/{id}/refunds", "get /payments/{id}/refunds/{refundId}", "get /problems/{name}",
                "get /refunds/{id}", "patch /api/admin/webhooks/{id}", "post /accounts",
                "post /api/admin/reconciliation/adjustments/{id}/approve",
                "post /api/admin/reconciliation/adjustments/{id}/reject",
                "post /api/admin/reconciliation/adjustments/{id}/undo",
                "post /api/admin/reconciliation/exceptions/bulk",
                "post /api/admin/reconciliation/exceptions/{id}/acknowledge",
                "post /api/admin/reconciliation/exceptions/{id}/adjustments",
                "post /api/admin/reconciliation/exceptions/{id}/assign",
                "post /api/admin/reconciliation/exceptions/{id}/comments",
                "post /api/admin/reconciliation/exceptions/{id}/reopen", "post /api/admin/reconciliation/run",
                "post /api/admin/webhooks", "post /api/admin/webhooks/deliveries/replay",
                "post /api/admin/webhooks/deliveries/{id}/replay", "post /api/admin/webhooks/{id}/secret/rotate",
                "post /api/admin/webhooks/{id}/test", "post /api/v1/accounts",
                "post /api/v1/accounts/{accountId}/reconcile", "post /api/v1/conversions", "post /api/v1/deposits",
                "post /api/v1/deposits/{id}/complete", "post /api/v1/deposits/{id}/fail",
                "post /api/v1/queue/dead-letters/redrive", "post /api/v1/queue/dead-letters/{id}/redrive",
                "post /api/v1/queue/pause", "post /api/v1/queue/resume", "post /api/v1/transactions",
                "post /api/v1/transactions/{id}/cancel", "post /api/v1/transactions/{id}/refund",
                "post /api/v1/transactions/{id}/verify-double-entry", "post /api/v1/withdrawals",
                "post /api/v1/withdrawals/{id}/complete", "post /api/v1/withdrawals/{id}/fail", "post /payments",
                "post /payments/{id}/cancel", "post /payments/{id}/refunds",
                "put /api/admin/reconciliation/exceptions/{id}/resolve",
            ],
            operations,
            StringComparer.Ordinal);
    }

    [Fact]
    public async Task Answers_have_exactly_the_members_that_the_document_promises()
    {
        var id = await fixture.Client.PayAsync("ACC-DOC", 5.13m);
        await Settlement.CompleteAsync(fixture.Database, id, discrepancy: 13);
        using var created = await fixture.Client.RefundAsync(id);
        var refund = (await created.ReadAsync()).GetProperty("id").GetGuid();
        var (transfer, _) = await fixture.Client.TransferAsync("ACC-DOC", "ACC-DOC-2", 5, "documented");
        await Settlement.CompleteAsync(fixture.Database, transfer);
        var deposit = await fixture.Client.DepositedAsync("ACC-DOC", 1);
        await fixture.Client.RecordedAsync(FlowRequests.Conversions, "ACC-DOC", 1);
        await fixture.FundAsync("ACC-DOC-3", 1);
        await fixture.Client.RecordedAsync(FlowRequests.Withdrawals, "ACC-DOC-3", 1);
        var document = await fixture.Client.GetJsonAsync("/openapi/v1.json");

        foreach (var (path, address) in new[]
        {
            ("/payments", "/payments"),
            ("/payments/{id}", $"/payments/{id}"),
            ("/payments/{id}/refunds", $"/payments/{id}/refunds"),
            ("/payments/{id}/refunds/{refundId}", $"/payments/{id}/refunds/{refund}"),
            ("/refunds/{id}", $"/refunds/{refund}"),
            ("/accounts/{accountId}/balance", "/accounts/ACC-DOC/balance"),
            ("/api/v1/accounts/{accountId}/ledger", "/api/v1/accounts/ACC-DOC/ledger"),
            ("/accounts/{accountId}/statement", "/accounts/ACC-DOC/statement"),
            ("/accounts", "/accounts"),
            ("/api/v1/transactions/{id}", $"/api/v1/transactions/{transfer}"),
            ("/api/v1/transactions/status/{key}", "/api/v1/transactions/status/documented"),
            ("/api/v1/accounts/{accountId}/audit-trail", "/api/v1/accounts/ACC-DOC/audit-trail"),
            ("/api/v1/keys/current", "/api/v1/keys/current"),
            ("/api/v1/deposits/{id}", $"/api/v1/deposits/{deposit}"),
            ("/api/v1/deposits", "/api/v1/deposits"),
            ("/api/v1/conversions", "/api/v1/conversions"),
            ("/api/v1/withdrawals", "/api/v1/withdrawals"),
        })
        {
            var schema = document.GetProperty("paths").GetProperty(path).GetProperty("get").GetProperty("responses")
                .GetProperty("200").GetProperty("content").GetProperty("application/json").GetProperty("schema");

            AssertMembers(document, schema, await fixture.Client.GetJsonAsync(address), path);
        }
    }

    private static void AssertMembers(JsonElement document, JsonElement schema, JsonElement value, string place)
    {
        while (schema.TryGetProperty("$ref", out var reference))
        {
            schema = reference.GetString()!.Split('/').Skip(1).Aggregate(document, (at, name) => at.GetProperty(name));
        }

        if (value.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in value.EnumerateArray())
            {
                AssertMembers(document, schema.GetProperty("items"), item, place + "[]");
            }
        }
        else if (value.ValueKind == JsonValueKind.Object && schema.TryGetProperty("properties", out var properties))
        {
            Assert.Equal((place, Names(properties)), (place, Names(value)));
            foreach (var member in value.EnumerateObject())
            {
                AssertMembers(document, properties.GetProperty(member.Name), member.Value, $"{place}.{member.Name}");
            }
        }
    }

    private static string Names(JsonElement members) =>
        string.Join(' ', members.EnumerateObject().Select(member => member.Name).Order(StringComparer.Ordinal));
}

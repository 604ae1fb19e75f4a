using System.Net;
using System.Net.Http.Json;
using System.Reflection;
using System.Text;
using Payments.Client;
using Payments.Testing.OpenApi;

namespace Payments.Api.Tests.OpenApi;

/// <summary>The client serves each operation of the document and nothing else, and reads all that it answers.</summary>
public sealed class ClientTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private const string ById = "019cae5c-2d40-7a31-9f0e-3b1f0c7a5d10";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static IReadOnlyList<(MethodInfo Method, OperationAttribute Operation)> Served { get; } =
    [
        .. from method in typeof(PaymentsApi).GetMethods()
        from operation in method.GetCustomAttributes<OperationAttribute>()
        select (method, operation),
    ];

    [Fact]
    public async Task Each_operation_is_served_by_one_method_and_each_method_serves_some()
    {
        var (document, _) = await DocumentAsync();
        var served = Served.SelectMany(
            served => PathsOf(served.Operation),
            (served, path) => $"{served.Operation.Method} {path} {served.Operation.MediaType}");
        var documented =
            from operation in document.Operations
            from answer in operation.Answers
            where answer.Status is >= 200 and < 300
            from media in MediaTypesOf(answer.Answer)
            select $"{operation.Method} {operation.Path} {media}";

        Assert.Equal(
            documented.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal),
            served.Order(StringComparer.Ordinal), StringComparer.Ordinal);
    }

    [Fact]
    public async Task Each_answer_is_read_and_written_again_without_losing_a_member()
    {
        var (_, json) = await DocumentAsync();

        foreach (var (method, operation) in Served.Where(served => served.Operation.Answers.Count > 0))
        {
            foreach (var path in PathsOf(operation))
            {
                var answers = json.GetProperty("paths").GetProperty(path)
                    .GetProperty(operation.Method.ToLowerInvariant()).GetProperty("responses").EnumerateObject()
                    .Where(answer => answer.Name.StartsWith('2')).ToList();
                Assert.True(
                    answers.Count == operation.Answers.Count,
                    $"{method.Name} reads {operation.Answers.Count} answers, of {answers.Count} of {path}");

                foreach (var (answer, type) in answers.Zip(operation.Answers))
                {
                    var example = answer.Value.GetProperty("content").GetProperty("application/json")
                        .GetProperty("example");
                    var again = JsonSerializer.SerializeToElement(
                        example.Deserialize(type, PaymentsApi.Json), type, PaymentsApi.Json);

                    Assert.True(
                        IsAllOf(example, again),
                        $"{type.Name} is not all of {path} {answer.Name}:\n{example}\n{again}");
                }
            }
        }
    }

    [Fact]
    public async Task Each_method_asks_as_documented()
    {
        var (document, _) = await DocumentAsync();

        foreach (var method in Served.Select(served => served.Method).Distinct())
        {
            var operations = Served.Where(served => served.Method == method).Select(served => served.Operation);
            var asked = new HashSet<string>(StringComparer.Ordinal);
            foreach (var arguments in ArgumentsOf(method))
            {
                var request = await RecordAsync(method, arguments);
                var path = request.RequestUri!.AbsolutePath;
                var operation = document.Find(request.Method.Method, path);
                Assert.True(operation is not null, $"{method.Name} asks {request.Method} {path}");
                asked.Add(operation.ToString());

                var known = operation.Parameters.Select(parameter => parameter.GetProperty("name").GetString());
                var query = Microsoft.AspNetCore.WebUtilities.QueryHelpers.ParseQuery(request.RequestUri.Query).Keys;
                Assert.Empty(query.Except(known, StringComparer.Ordinal).Select(name => $"{method.Name}: {name}"));
                await AssertBodyAsync(document, operation, request);
            }

            Assert.Equal(
                operations.Select(operation => $"{operation.Method} {operation.Path}").Order(StringComparer.Ordinal),
                asked.Order(StringComparer.Ordinal), StringComparer.Ordinal);
        }
    }

    [Fact]
    public async Task A_problem_is_read_whole()
    {
        var (_, json) = await DocumentAsync();

        foreach (var type in ProblemTypes.All)
        {
            var example = json.GetProperty("components").GetProperty("examples").GetProperty(type.Code)
                .GetProperty("value");

            var problem = example.Deserialize<Client.Problem>(PaymentsApi.Json)!;

            Assert.Equal((type.Uri, type.Title, type.Code), (problem.Type, problem.Title, problem.Code));
            Assert.Equal(type.Status, (int)problem.Status!);
            Assert.NotNull(problem.Detail);
            Assert.NotNull(problem.TraceId);
            Assert.Equal(example.TryGetProperty("errors", out _), problem.Errors is not null);
        }
    }

    [Fact]
    public async Task A_list_is_read_to_its_end_page_by_page()
    {
        var ids = new List<Guid>();
        for (var i = 0; i < 5; i++)
        {
            ids.Add(await fixture.Client.PayAsync("ACC-PAGES", 1));
        }

        var api = new PaymentsApi(fixture.Client);
        var read = new List<Guid>();
        await foreach (var payment in Pages.AllAsync(
            (page, cancel) => api.ListPaymentsAsync("ACC-PAGES", null, page, 2, cancel), Cancel))
        {
            read.Add(payment.Id);
        }

        Assert.Equal(Enumerable.Reverse(ids), read);
        var refused = await Assert.ThrowsAsync<ProblemException>(async () =>
        {
            await foreach (var item in Pages.AllAsync(
                (page, cancel) => api.ListPaymentsAsync("not a name", null, page, 2, cancel), Cancel))
            {
                Assert.Fail($"{item.Id} was read");
            }
        });
        Assert.Equal("invalid_request", refused.Problem.Code);
    }

    [Fact]
    public async Task A_file_and_the_events_come_while_they_are_read()
    {
        await Settlement.CompleteAsync(fixture.Database, await fixture.Client.PayAsync("ACC-FILE", 7));
        var api = new PaymentsApi(fixture.Client);

        using var file = (await api.DownloadEntriesAsync("ACC-FILE", "USD", null, null, Cancel)).ValueOrThrow();
        using var reader = new StreamReader(await file.OpenAsync(Cancel));
        var text = await reader.ReadToEndAsync(Cancel);
        Assert.Equal(("text/csv", "ACC-FILE-USD-ledger.csv"), (file.MediaType, file.Name));
        Assert.Contains(",payment,credit,7.00,7.00,USD", text, StringComparison.Ordinal);

        var missing = await api.DownloadStatementAsync("nobody", null, null, null, Cancel);
        Assert.Equal("account_not_found", missing.Problem!.Code);

        await using var events = api.ListenAsync(Cancel).GetAsyncEnumerator(Cancel);
        var first = events.MoveNextAsync().AsTask();
        await Conditions.UntilAsync(async () =>
        {
            // The stream tells of what happens once it is open, and the first payment may come before that.
            await fixture.Client.PayAsync("ACC-FILE", 8);
            return first.IsCompleted;
        });

        Assert.True(await first);
        Assert.Contains(events.Current, new[] { "payments", "accounts" });
    }

    // A member that is null may be left out: records of several kinds have members that only some kinds have.
    private static bool IsAllOf(JsonElement example, JsonElement again) => (example.ValueKind, again.ValueKind) switch
    {
        (JsonValueKind.Object, JsonValueKind.Object) =>
            example.EnumerateObject().All(member => again.TryGetProperty(member.Name, out var value)
                ? IsAllOf(member.Value, value)
                : member.Value.ValueKind == JsonValueKind.Null)
            && again.EnumerateObject().All(member => example.TryGetProperty(member.Name, out _)),
        (JsonValueKind.Array, JsonValueKind.Array) =>
            example.GetArrayLength() == again.GetArrayLength()
            && example.EnumerateArray().Zip(again.EnumerateArray()).All(pair => IsAllOf(pair.First, pair.Second)),
        _ => JsonElement.DeepEquals(example, again),
    };

    // Nothing is a type too.
    private static IEnumerable<string> MediaTypesOf(JsonElement answer) =>
        answer.TryGetProperty("content", out var content)
            ? content.EnumerateObject().Select(media => media.Name)
            : [""];

    private static IEnumerable<string> PathsOf(OperationAttribute operation) =>
        operation.Also is { } also ? [operation.Path, also] : [operation.Path];

    private static async Task AssertBodyAsync(
        ApiDocument document, ApiOperation operation, HttpRequestMessage request)
    {
        if (!operation.Description.TryGetProperty("requestBody", out var described))
        {
            Assert.Null(request.Content);
            return;
        }

        if (request.Content is not null)
        {
            var schema = described.GetProperty("content").GetProperty("application/json").GetProperty("schema");
            var body = JsonElement.Parse(await request.Content.ReadAsByteArrayAsync(Cancel));
            Assert.Empty(document.Schema.Check(schema, body).Select(fault => $"{operation}: {fault}"));
        }
        else
        {
            Assert.False(described.TryGetProperty("required", out var required) && required.GetBoolean());
        }

        Assert.All(
            operation.Parameters.Where(parameter =>
                parameter.GetProperty("in").GetString() == "header"
                && parameter.TryGetProperty("required", out var required) && required.GetBoolean()),
            header => Assert.True(request.Headers.Contains(header.GetProperty("name").GetString()!)));
    }

    // Once with everything that can be given, and once without what may be left out.
    private static IEnumerable<object?[]> ArgumentsOf(MethodInfo method)
    {
        var nullability = new NullabilityInfoContext();
        var parameters = method.GetParameters();
        foreach (var route in RoutesOf(method))
        {
            yield return [.. parameters.Select(parameter => ValueFor(parameter, route))];
            yield return [.. parameters.Select(parameter =>
                nullability.Create(parameter).WriteState == NullabilityState.Nullable
                    ? null
                    : ValueFor(parameter, route))];
        }
    }

    private static IEnumerable<FlowRoute?> RoutesOf(MethodInfo method)
    {
        if (method.GetParameters().All(parameter => parameter.ParameterType != typeof(FlowRoute)))
        {
            return [null];
        }

        FlowRoute[] all = [FlowRoute.Deposits, FlowRoute.Conversions, FlowRoute.Withdrawals];
        return all.Where(route => method.GetCustomAttributes<OperationAttribute>().Any(operation =>
            operation.Path.Contains(route.Path, StringComparison.Ordinal)));
    }

    private static object ValueFor(ParameterInfo parameter, FlowRoute? route)
    {
        var type = Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType;
        return type == typeof(string) ? "ACC-001"
            : type == typeof(Guid) ? Guid.Parse(ById)
            : type == typeof(RequestKey) ? new RequestKey("a/b")
            : type == typeof(CancellationToken) ? Cancel
            : type == typeof(int) ? 10
            : type == typeof(TimeSpan) ? TimeSpan.FromSeconds(2)
            : type == typeof(DateTimeOffset) ? new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero)
            : type == typeof(Cursor) ? new Cursor(After: "a")
            : type == typeof(AuditFilter) ? new AuditFilter("a", "b", "c", "d")
            : type == typeof(NewPayment) ? new NewPayment("ACC-001", 1.25m, "USD", "Order")
            : type == typeof(NewRefund) ? new NewRefund(1.25m, "duplicate")
            : type == typeof(NewTransfer) ? new NewTransfer("ACC-001", "ACC-002", 1.25m, "USD", "Rent")
            : type == typeof(FlowRoute) ? route!
            : type == typeof(NewFlow) ? route == FlowRoute.Conversions
                ? new NewFlow("ACC-001", null, 2m, 2m, "reference", "Text")
                : new NewFlow("ACC-001", 2m, null, null, "reference", "Text")
            : type == typeof(IReadOnlyList<string>) ? new[] { "reconciliation.exception.opened" }
            : type == typeof(DeskFilter) ? new DeskFilter("open", "high", "deposits", "anna", "ACC-001", Overdue: true)
            : type == typeof(ReportFilter) ? new ReportFilter("daily", "completed")
            : type == typeof(CheckFilter) ? new CheckFilter("deposits", "failed", Guid.Parse(ById))
            : type == typeof(AdjustmentFilter) ? new AdjustmentFilter("proposed", "adjustment", Guid.Parse(ById))
            : type == typeof(NewAdjustment) ? new NewAdjustment("adjustment", "Reason", 1)
            : type == typeof(BulkChange) ? new BulkChange(
                "comment", [Guid.Parse(ById)], "anna", "Text", "anna", "Notes")
            : type == typeof(WebhookTargetChange) ? new WebhookTargetChange(
                "https://hooks.example.com", "Text", ["reconciliation.exception.opened"], Enabled: true)
            : type == typeof(NewAccount) ? new NewAccount("ACC-002", "USD", -10m)
            : throw new InvalidOperationException($"Say here what {parameter.Member.Name} is given as {type.Name}.");
    }

    private static async Task<HttpRequestMessage> RecordAsync(MethodInfo method, object?[] arguments)
    {
        var recorder = new Recorder();
        using var http = new HttpClient(recorder) { BaseAddress = new Uri("http://api") };
        var call = method.Invoke(new PaymentsApi(http), arguments);
        if (call is IAsyncEnumerable<string> stream)
        {
            await Assert.ThrowsAsync<ProblemException>(async () =>
            {
                await foreach (var _ in stream)
                {
                    Assert.Fail("Nothing is answered here.");
                }
            });
        }
        else
        {
            await (Task)call!;
        }

        return recorder.Asked!;
    }

    private async Task<(ApiDocument Document, JsonElement Json)> DocumentAsync()
    {
        var json = await fixture.Client.GetFromJsonAsync<JsonElement>("/openapi/v1.json", Cancel);
        return (new ApiDocument(json), json);
    }

    private sealed class Recorder : HttpMessageHandler
    {
        public HttpRequestMessage? Asked { get; private set; }

        protected override async Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request, CancellationToken cancellationToken)
        {
            // The client disposes its request.
            Asked = new HttpRequestMessage(request.Method, request.RequestUri);
            foreach (var header in request.Headers)
            {
                Asked.Headers.Add(header.Key, header.Value);
            }

            if (request.Content is not null)
            {
                Asked.Content = new StringContent(
                    await request.Content.ReadAsStringAsync(cancellationToken), Encoding.UTF8, "application/json");
            }

            return new HttpResponseMessage(HttpStatusCode.Conflict);
        }
    }
}

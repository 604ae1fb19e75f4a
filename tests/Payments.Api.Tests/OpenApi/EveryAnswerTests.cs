using System.Net.Http.Headers;
using System.Text;
using Payments.Testing.OpenApi;

namespace Payments.Api.Tests.OpenApi;

/// <summary>
/// Walks over every operation of the document and has it give every answer that it documents. That each is as
/// documented is seen by the clients of the tests; here none may be left out.
/// </summary>
public sealed class EveryAnswerTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private const string Nobody = "019cae5c-0000-7000-8000-000000000000";

    // What a request alone does not bring about, and who does: two requests at once (IdempotencyTests,
    // ReconcileAccountTests), several dead letters (OperatorKeyTests), a worker (ReadinessTests), a process that is
    // about to end, or requests that differ where all are alike (nobody).
    private static readonly string[] NotHere =
    [
        "ActOnReconciliationExceptions 409", "CommentOnReconciliationException 409", "CreatePayment 409",
        "CreateTransaction 409", "CreateWebhookTarget 409", "GetReadiness 200", "GetServiceLife 503",
        "PauseQueue 409", "ReconcileAccount 409", "RedriveDeadLetter 409", "RedriveDeadLetter 422",
        "RedriveDeadLetters 409", "RedriveDeadLetters 422", "ReplayWebhookDeliveries 409", "ResumeQueue 409",
        "RunReconciliation 409",
    ];

    private static readonly string[] Scopes =
        [.. TestKeys.ReadAndWrite, "queue:admin", "reconciliation:admin", "audit:read"];

    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_operation_gives_every_answer_that_it_documents()
    {
        var document = new ApiDocument(await fixture.Client.GetJsonAsync("/openapi/v1.json"));
        var story = await StoryAsync();
        await TestKeys.AddAsync(fixture.Database, "everything", "key-for-everything", Scopes);
        await TestKeys.AddAsync(fixture.Database, "nobody", "key-for-nothing", []);
        await TestKeys.AddAsync(fixture.Database, "slow", "key-for-one", Scopes);
        await fixture.Database.ExecuteAsync("""
            UPDATE api_keys SET requests_per_second = 1
            WHERE owner_id = (SELECT id FROM key_owners WHERE name = 'slow')
            """);
        await using var cutOff = ApiServer.Start("Host=127.0.0.1;Port=1;Username=a;Password=b;Database=c;Timeout=1");
        await using var limited = ApiServer.Start(
            fixture.Database.AppConnectionString, "Production", ("RateLimits:BurstSeconds", "0.1"));
        using var all = fixture.Api.CreateClient("key-for-everything");
        using var nothing = fixture.Api.CreateClient("key-for-nothing");
        using var stranger = fixture.Api.CreateClient();
        using var slow = limited.CreateClient("key-for-one");
        using var outage = cutOff.CreateClient("key-for-everything");

        foreach (var operation in document.Operations)
        {
            var good = story.RequestOf(operation);
            foreach (var client in new[] { stranger, nothing, outage, slow, slow, slow, all })
            {
                await SendAsync(client, operation, good);
            }

            foreach (var spoilt in Spoil(operation, good).Concat(story.OthersOf(operation)))
            {
                await SendAsync(all, operation, spoilt);
            }
        }

        var documented =
            from operation in document.Operations
            from answer in operation.Answers
            where answer.Status != 500
            select $"{operation.Id} {answer.Status}";
        Assert.Empty(documented.Except(_seen, StringComparer.Ordinal).Except(NotHere, StringComparer.Ordinal));
    }

    /// <summary>The same request, wrong in each way that such an operation can refuse.</summary>
    private static IEnumerable<Wanted> Spoil(ApiOperation operation, Wanted good)
    {
        if (operation.Parameters.Any(parameter => parameter.GetProperty("in").GetString() == "query"))
        {
            yield return good with { Address = good.Address + (good.Address.Contains('?') ? "&" : "?") + "colour=red" };
        }

        if (operation.Path.Contains('{'))
        {
            yield return good with
            {
                Address = string.Join(
                    '/', operation.Path.Split('/').Select(part => part.StartsWith('{') ? Nobody : part)),
                Key = NewKey(good),
            };
        }

        if (good.Key is not null)
        {
            yield return good with { Key = null };
            yield return good with { Key = new string('k', 256) };
        }

        if (good.Body is not null)
        {
            yield return good with { Body = "{]", Key = NewKey(good) };
            yield return good with { Body = "{\"a\":\"" + new string('a', 17_000) + "\"}", Key = NewKey(good) };
            yield return good with { MediaType = "text/plain", Key = NewKey(good) };
        }
    }

    private static string? NewKey(Wanted request) => request.Key is null ? null : PaymentRequests.NewKey();

    private async Task SendAsync(HttpClient client, ApiOperation operation, Wanted wanted)
    {
        using var request = new HttpRequestMessage(new HttpMethod(operation.Method), wanted.Address);
        if (wanted.Body is not null)
        {
            request.Content = new StringContent(wanted.Body, Encoding.UTF8);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(wanted.MediaType);
        }

        if (wanted.Key is not null)
        {
            request.Headers.Add("Idempotency-Key", wanted.Key);
        }

        if (wanted.IfNoneMatch is not null)
        {
            request.Headers.IfNoneMatch.Add(EntityTagHeaderValue.Any);
        }

        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
        _seen.Add($"{operation.Id} {(int)response.StatusCode}");
    }

    private async Task<Story> StoryAsync()
    {
        var client = fixture.Client;
        var settled = await client.PayAsync("ACC-001", 100);
        await Settlement.CompleteAsync(fixture.Database, settled);
        using var refunded = await client.PostWithKeyAsync($"/payments/{settled}/refunds", """{"amount":1}""");
        var refund = (await refunded.ReadAsync()).GetProperty("id").GetGuid();
        var waiting = await client.PayAsync("ACC-001", 5);
        var dead = new QueuedPayment("ACC-DEAD", 700);
        await fixture.Database.QueueAsync(dead);
        await fixture.Database.BuryAsync("no room", dead.Id);
        await TestKeys.AddAsync(fixture.Database, "everything", "key-for-everything", Scopes);
        using var all = fixture.Api.CreateClient("key-for-everything");
        var (done, doneKey) = await all.TransferAsync("ACC-001", "ACC-002", 2);
        await Settlement.CompleteAsync(fixture.Database, done);
        var (open, _) = await all.TransferAsync("ACC-001", "ACC-002", 2);
        var (_, processingKey) = await all.TransferAsync("ACC-001", "ACC-002", 3);
        return new Story(settled, refund, waiting, dead.Id, done, doneKey, open, processingKey,
            await FlowStory.TellAsync(all), await WebhookStory.TellAsync(fixture.Database, all),
            await DeskStory.TellAsync(fixture, all));
    }
}

/// <param name="IfNoneMatch">Any value: the caller has the answer already.</param>
internal sealed record Wanted(
    string Address, string? Body = null, string? Key = null, string MediaType = "application/json",
    string? IfNoneMatch = null);

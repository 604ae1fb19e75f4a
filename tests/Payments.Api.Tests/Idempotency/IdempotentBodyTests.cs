using System.Text;
using Dapper;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Payments.Api.Idempotency;
using Payments.Api.Keys;

namespace Payments.Api.Tests.Idempotency;

/// <summary>The mechanism with an effect of the test's own, which is to be seen once or not at all.</summary>
public sealed class IdempotentBodyTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private static readonly Problem Refusal = new(ProblemTypes.Unprocessable, "Of the test.");

    private int _told;

    [Fact]
    public async Task A_body_that_means_the_same_takes_effect_once_and_others_are_told_once()
    {
        var first = await PostAsync("body", """{"name":"once","count":1.0}""");
        var again = await PostAsync("body", """{ "count": 1, "name": "once" }""");
        var other = await PostAsync("body", """{"name":"once","count":2}""");

        Assert.Equal(
            [(201, "\"once\"", ""), (201, "\"once\"", "true")], [first, again]);
        Assert.Equal(422, other.Status);
        Assert.Equal((1L, 1), (await EffectsAsync("once"), _told));
    }

    [Fact]
    public async Task What_the_parser_or_the_effect_refuses_leaves_the_key_free_and_no_effect()
    {
        Assert.Equal(422, (await PostAsync("free", "refused by the parser")).Status);
        Assert.Equal(422, (await PostAsync("free", """{"name":"refused"}""")).Status);
        Assert.Equal(0, await EffectsAsync("refused"));
        Assert.Equal(415, (await PostAsync("free", "{}", contentType: "text/plain")).Status);

        Assert.Equal((201, "\"freed\"", ""), await PostAsync("free", """{"name":"freed"}"""));
        Assert.Equal(1, _told);
    }

    [Fact]
    public async Task An_effect_that_throws_leaves_the_key_free_and_no_effect()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() => PostAsync("thrown", """{"name":"thrown"}"""));

        Assert.Equal(0, await EffectsAsync("thrown"));
        Assert.Equal(201, (await PostAsync("thrown", """{"name":"not thrown"}""")).Status);
    }

    private async Task<(int Status, string Body, string Replayed)> PostAsync(
        string key, string body, string contentType = "application/json")
    {
        var owner = await fixture.Database.ScalarAsync<int>("SELECT id FROM key_owners WHERE name = 'tester'");
        var context = new DefaultHttpContext
        {
            RequestServices = fixture.Api.Services,
            User = new Caller(
                new ApiKey(Guid.Empty, owner, "tester", ExpiresAt: null, new HashSet<string>(), Limit: null)),
        };
        context.SetEndpoint(new RouteEndpoint(
            _ => Task.CompletedTask, RoutePatternFactory.Parse("/things"), 0, EndpointMetadataCollection.Empty, null));
        (context.Request.Method, context.Request.Path, context.Request.ContentType) = ("POST", "/things", contentType);
        context.Request.Headers["Idempotency-Key"] = key;
        context.Request.Body = new MemoryStream(Encoding.UTF8.GetBytes(body));
        context.Response.Body = new MemoryStream();

        var idempotent = fixture.Api.Services.GetRequiredService<Idempotent>();
        var result = await idempotent.RunAsync<string>(context, Parse, async (name, transaction, cancel) =>
        {
            await transaction.Connection!.ExecuteAsync(
                "INSERT INTO workers (id) VALUES (@name)", new { name }, transaction);
            return name switch
            {
                "thrown" => throw new InvalidOperationException("Of the test."),
                "refused" => Refusal,
                _ => new Outcome.Done(
                    new FinishedAnswer(201, Encoding.UTF8.GetBytes($"\"{name}\"")), Committed: () => _told++),
            };
        });
        await result.ExecuteAsync(context);

        context.Response.Body.Position = 0;
        using var reader = new StreamReader(context.Response.Body);
        return (
            context.Response.StatusCode,
            await reader.ReadToEndAsync(TestContext.Current.CancellationToken),
            context.Response.Headers["Idempotent-Replayed"].ToString());
    }

    private static Problem? Parse(ReadOnlySpan<byte> json, out string? name)
    {
        name = json.StartsWith("{"u8)
            ? JsonDocument.Parse(json.ToArray()).RootElement.GetProperty("name").GetString()
            : null;
        return name is null ? Refusal : null;
    }

    private Task<long> EffectsAsync(string name) => fixture.Database.ScalarAsync<long>(
        "SELECT count(*) FROM workers WHERE id = @name", new { name });
}

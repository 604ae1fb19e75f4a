using System.Net.Http.Json;
using Payments.Testing.OpenApi;

namespace Payments.Api.Tests.OpenApi;

/// <summary>Every operation is described whole; what is missing is said in a sentence, with what to write.</summary>
public sealed class DescriptionTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    // Cursors have no value that would work on another system.
    private static readonly string[] WithoutExample = ["starting_after", "ending_before"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_operation_is_described_whole()
    {
        var document = await DocumentAsync();

        Assert.Equal(document.Operations.Count, document.Operations.DistinctBy(operation => operation.Id).Count());
        Assert.Empty(document.Operations.SelectMany(operation =>
            NameFaults(operation)
                .Concat(ParameterFaults(operation))
                .Concat(BodyFaults(document, operation))
                .Concat(AnswerFaults(document, operation))
                .Concat(ProblemFaults(operation))));
    }

    [Fact]
    public async Task Every_type_of_problem_is_documented_with_an_example()
    {
        var json = await fixture.Client.GetFromJsonAsync<JsonElement>("/openapi/v1.json", Cancel);
        var document = new ApiDocument(json);
        var examples = json.GetProperty("components").GetProperty("examples");

        Assert.Equal(
            ProblemTypes.All.Select(type => type.Code),
            examples.EnumerateObject().Select(example => example.Name), StringComparer.Ordinal);
        foreach (var type in ProblemTypes.All)
        {
            var name = string.Concat(type.Code.Split('_').Select(word => char.ToUpperInvariant(word[0]) + word[1..]));
            var example = examples.GetProperty(type.Code).GetProperty("value");

            Assert.Empty(document.Schema.Check(document.Component(name + "Problem"), example));
            Assert.Equal(type.Uri, example.GetProperty("type").GetString());
        }

        var used = json.GetProperty("paths").GetRawText();
        Assert.Empty(
            from type in ProblemTypes.All
            where type != ProblemTypes.MethodNotAllowed && !used.Contains($"/{type.Code}\"", StringComparison.Ordinal)
            select $"No operation documents {type.Code}: name it where it is given, or take it out of ProblemTypes.");
    }

    private static IEnumerable<string> NameFaults(ApiOperation operation) =>
        from member in new[] { ("summary", "WithSummary"), ("tags", "WithTags"), ("operationId", "WithName") }
        where !operation.Description.TryGetProperty(member.Item1, out _)
        select $"{operation} has no {member.Item1}: write .{member.Item2}(\"...\") beside its route.";

    private static IEnumerable<string> ParameterFaults(ApiOperation operation) =>
        from parameter in operation.Parameters
        let name = parameter.GetProperty("name").GetString()
        where !parameter.TryGetProperty("description", out _)
            || (!parameter.TryGetProperty("example", out _) && !WithoutExample.Contains(name, StringComparer.Ordinal))
        select $"{operation} does not explain the parameter {name}: give ParameterDescriptions a line for it, or "
            + $"write .DescribesParameter(\"{name}\", \"...\", \"...\") beside its route.";

    private static IEnumerable<string> BodyFaults(ApiDocument document, ApiOperation operation)
    {
        if (!operation.Description.TryGetProperty("requestBody", out var described))
        {
            return [];
        }

        var body = described.GetProperty("content").GetProperty("application/json");
        return body.TryGetProperty("example", out var example)
            ? document.Schema.Check(body.GetProperty("schema"), example)
                .Select(fault => $"{operation} has an example of its body that it does not accept: {fault}.")
            : [$"{operation} has no example of its body: write .WithBodyExample(\"...\") beside its route."];
    }

    private static IEnumerable<string> AnswerFaults(ApiDocument document, ApiOperation operation) =>
        from answer in operation.Answers
        where answer.Answer.TryGetProperty("content", out _)
        from media in answer.Answer.GetProperty("content").EnumerateObject()
        let examples = ExamplesOf(document, media.Value).ToList()
        from fault in examples.Count == 0
            ? ["which is not there: write .Answers(example) in place of .Produces<T>()"]
            : examples.SelectMany(example => document.Schema.Check(media.Value.GetProperty("schema"), example))
        select $"{operation} has an example of its answer {answer.Status}, {fault}.";

    private static IEnumerable<string> ProblemFaults(ApiOperation operation) =>
        from status in new[] { 401, 429, 500, 503 }
        where operation.Description.GetProperty("security").GetArrayLength() > 0
            && operation.Answers.All(answer => answer.Status != status)
        select $"{operation} wants a key and does not document {status}.";

    private static IEnumerable<JsonElement> ExamplesOf(ApiDocument document, JsonElement media)
    {
        if (media.TryGetProperty("example", out var example))
        {
            yield return example;
        }

        if (media.TryGetProperty("examples", out var examples))
        {
            foreach (var named in examples.EnumerateObject())
            {
                yield return document.Schema.Resolve(named.Value).GetProperty("value");
            }
        }
    }

    private async Task<ApiDocument> DocumentAsync() =>
        new(await fixture.Client.GetFromJsonAsync<JsonElement>("/openapi/v1.json", Cancel));
}

using System.Globalization;
using System.Text.Json;

namespace Payments.Testing.OpenApi;

/// <summary>One operation of an OpenAPI document.</summary>
public sealed record ApiOperation(string Method, string Path, JsonElement Description)
{
    public string Id => Description.GetProperty("operationId").GetString()!;

    public IEnumerable<JsonElement> Parameters =>
        Description.TryGetProperty("parameters", out var parameters) ? parameters.EnumerateArray() : [];

    /// <summary>Its answers by their status.</summary>
    public IEnumerable<(int Status, JsonElement Answer)> Answers =>
        Description.GetProperty("responses").EnumerateObject()
            .Select(answer => (int.Parse(answer.Name, CultureInfo.InvariantCulture), answer.Value));

    /// <summary>Whether the parameter takes the rest of the path, slashes and all.</summary>
    public bool TakesRest(string segment) => Parameters.Any(parameter =>
        segment == $"{{{parameter.GetProperty("name").GetString()}}}" && parameter.TryGetProperty("x-rest", out _));

    public override string ToString() => $"{Method} {Path}";
}

/// <summary>An OpenAPI document, as clients read it.</summary>
public sealed class ApiDocument
{
    private readonly JsonElement _document;

    public ApiDocument(JsonElement document)
    {
        _document = document;
        Schema = new JsonSchema(document);
        Operations =
        [
            .. from path in document.GetProperty("paths").EnumerateObject()
            from operation in path.Value.EnumerateObject()
            select new ApiOperation(operation.Name.ToUpperInvariant(), path.Name, operation.Value),
        ];
    }

    public IReadOnlyList<ApiOperation> Operations { get; }

    public JsonSchema Schema { get; }

    /// <summary>A named schema.</summary>
    public JsonElement Component(string name) =>
        _document.GetProperty("components").GetProperty("schemas").GetProperty(name);

    /// <summary>The operation that a request is of; null where the document has none.</summary>
    public ApiOperation? Find(string method, string path) => Operations
        .Where(operation => operation.Method == method && Matches(operation, path))
        .MaxBy(operation => operation.Path.Split('/').TakeWhile(segment => !segment.StartsWith('{')).Count());

    /// <summary>What in an answer is not as documented; empty when all is.</summary>
    /// <param name="body">Null where the answer has none, or none that is looked at.</param>
    public IReadOnlyList<string> Check(
        string method, string path, int status, string? mediaType, ReadOnlyMemory<byte>? body)
    {
        if (Find(method, path) is not { } operation)
        {
            return CheckUnknown(status, mediaType, body);
        }

        var (_, answer) = operation.Answers.FirstOrDefault(answer => answer.Status == status);
        if (answer.ValueKind == JsonValueKind.Undefined)
        {
            return [$"{operation} does not document the status {status}"];
        }

        if (!answer.TryGetProperty("content", out var content))
        {
            return mediaType is null && body is null or { Length: 0 }
                ? []
                : [$"{operation} documents no body for {status}, and answers {mediaType}"];
        }

        return mediaType is null || !content.TryGetProperty(mediaType, out var media)
            ? [$"{operation} does not document {mediaType ?? "an answer without a body"} for {status}"]
            : Check(media.GetProperty("schema"), mediaType, body);
    }

    // An address without an operation, or a method that its resource lacks: every API refuses those alike.
    private IReadOnlyList<string> CheckUnknown(int status, string? mediaType, ReadOnlyMemory<byte>? body) =>
        status < 400 ? [$"It is not documented, and is answered {status}"]
        : mediaType != "application/problem+json" ? [$"It is refused with {mediaType}"]
        : Check(Component("ProblemBody"), mediaType, body);

    private IReadOnlyList<string> Check(JsonElement schema, string mediaType, ReadOnlyMemory<byte>? body)
    {
        if (body is not { } bytes || !mediaType.EndsWith("json", StringComparison.Ordinal))
        {
            return [];
        }

        using var json = JsonDocument.Parse(bytes);
        return Schema.Check(schema, json.RootElement);
    }

    private static bool Matches(ApiOperation operation, string path)
    {
        var wanted = operation.Path.Split('/');
        var given = path.Split('/');
        for (var i = 0; i < wanted.Length; i++)
        {
            if (operation.TakesRest(wanted[i]))
            {
                return true;
            }

            if (i >= given.Length
                || (wanted[i].StartsWith('{')
                    ? given[i].Length == 0
                    : !wanted[i].Equals(given[i], StringComparison.OrdinalIgnoreCase)))
            {
                return false;
            }
        }

        return wanted.Length == given.Length;
    }
}

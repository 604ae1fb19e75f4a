using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace Payments.Api.Describing;

/// <summary>
/// The health of the process, which every service of the system answers alike, and which the framework therefore does
/// not know as a route of this API.
/// </summary>
internal static class DescribeHealth
{
    public static void AddTo(OpenApiDocument document)
    {
        Add(document, "/health", "GetServiceHealth", "Whether this process and what it needs are in order");
        Add(document, "/alive", "GetServiceLife", "Whether this process runs; asks only what ends with it");
    }

    private static void Add(OpenApiDocument document, string path, string name, string summary) =>
        document.Paths[path] = new OpenApiPathItem
        {
            Operations = new Dictionary<HttpMethod, OpenApiOperation>
            {
                [HttpMethod.Get] = new()
                {
                    Tags = new HashSet<OpenApiTagReference> { new("Health", document) },
                    OperationId = name,
                    Summary = summary,
                    Security = [],
                    Responses = new OpenApiResponses
                    {
                        ["200"] = Answer("It is in order", "healthy"),
                        ["503"] = Answer("It is not", "unhealthy"),
                    },
                },
            },
        };

    private static OpenApiResponse Answer(string description, string status) => new()
    {
        Description = description,
        Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal)
        {
            ["application/json"] = new()
            {
                Schema = OpenApiDescription.Object(
                    ["status", "checks"],
                    new(StringComparer.Ordinal)
                    {
                        ["status"] = Words(),
                        ["checks"] = new OpenApiSchema
                        {
                            Type = JsonSchemaType.Object,
                            Description = "Each check by its name",
                            AdditionalProperties = Words(),
                        },
                    }),
                Example = new JsonObject
                {
                    ["status"] = status,
                    ["checks"] = new JsonObject { ["self"] = "healthy", ["Npgsql"] = status },
                },
            },
        },
    };

    private static OpenApiSchema Words() => new()
    {
        Type = JsonSchemaType.String,
        Enum = ["healthy", "degraded", "unhealthy"],
    };
}

using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using Payments.Ledger.Webhooks;

namespace Payments.Api.Webhooks;

/// <summary>The bodies of requests, as the OpenAPI document tells them.</summary>
internal static class WebhookDescription
{
    public static OpenApiSchema Target(bool creating)
    {
        var members = new Dictionary<string, IOpenApiSchema>(StringComparer.Ordinal)
        {
            ["url"] = OpenApiDescription.Text(WebhookAddress.MaxLength),
            ["description"] = new OpenApiSchema { Type = JsonSchemaType.String | JsonSchemaType.Null, MaxLength = 500 },
            ["eventTypes"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Array | JsonSchemaType.Null,
                Description = "What it is told of; empty: everything",
                Items = new OpenApiSchema
                {
                    Type = JsonSchemaType.String,
                    Enum = [.. WebhookEventType.All.Select(type => (JsonNode)JsonValue.Create(type))],
                },
            },
        };
        if (!creating)
        {
            members["enabled"] = new OpenApiSchema { Type = JsonSchemaType.Boolean };
        }

        return OpenApiDescription.Object(creating ? ["url"] : [], members);
    }

    public static OpenApiSchema Rotation() => OpenApiDescription.Object(
        [],
        new Dictionary<string, IOpenApiSchema>(StringComparer.Ordinal)
        {
            ["overlapHours"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Number,
                Minimum = "0",
                Maximum = "168",
                Default = JsonValue.Create(24),
                Description = "For how long the secret of before signs too",
            },
        });

    public static OpenApiSchema Replay() => OpenApiDescription.Object(
        ["since"],
        new Dictionary<string, IOpenApiSchema>(StringComparer.Ordinal)
        {
            ["since"] = new OpenApiSchema { Type = JsonSchemaType.String, Description = "A date or time in ISO 8601" },
            ["targetId"] = new OpenApiSchema { Type = JsonSchemaType.String | JsonSchemaType.Null, Format = "uuid" },
        });
}

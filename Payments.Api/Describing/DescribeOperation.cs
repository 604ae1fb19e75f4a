using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.OpenApi;
using Payments.Api.Idempotency;
using Payments.Api.Keys;

namespace Payments.Api.Describing;

/// <summary>Writes into an operation what the metadata of its route say of parameters, answers and scope.</summary>
internal static class DescribeOperation
{
    private const string Json = "application/json";

    public static async Task ExecuteAsync(
        OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancel)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        foreach (var part in metadata.OfType<OperationPart>())
        {
            part.Write(operation);
        }

        operation.Responses ??= [];
        DescribeParameters(operation, metadata, context.Description.RelativePath ?? "");
        DescribeBody(operation, metadata);
        DescribeAnswers(operation, metadata);
        DescribeScope(operation, metadata, context.Document!);
        await DescribeProblems.ExecuteAsync(operation, context, cancel);
        DescribeHeaders(operation, metadata);

        var byStatus = operation.Responses.OrderBy(answer => answer.Key, StringComparer.Ordinal).ToList();
        operation.Responses.Clear();
        foreach (var (status, answer) in byStatus)
        {
            operation.Responses.Add(status, answer);
        }
    }

    private static void DescribeParameters(OpenApiOperation operation, IList<object> metadata, string route)
    {
        foreach (var parameter in operation.Parameters?.OfType<OpenApiParameter>() ?? [])
        {
            var known = metadata.OfType<NamedParameter>()
                .LastOrDefault(named => named.Name == parameter.Name)?.Description
                ?? ParameterDescriptions.Find(parameter.Name);
            if (route.Contains("{**" + parameter.Name + "}", StringComparison.Ordinal))
            {
                // It takes the rest of the path, slashes and all, which OpenAPI has no word for.
                parameter.AddExtension("x-rest", new JsonNodeExtension(JsonValue.Create(true)));
            }

            if (known is null)
            {
                continue;
            }

            parameter.Description = known.Description;
            var schema = parameter.Schema as OpenApiSchema;
            if (known.Example.Length > 0)
            {
                parameter.Example = schema?.Type == JsonSchemaType.Integer
                    ? JsonNode.Parse(known.Example)
                    : JsonValue.Create(known.Example);
            }

            if (schema is not null && known.Words is not null)
            {
                schema.Enum = [.. known.Words.Select(word => (JsonNode)word)];
            }
        }
    }

    private static void DescribeBody(OpenApiOperation operation, IList<object> metadata)
    {
        if (metadata.OfType<BodyExample>().LastOrDefault() is { } example
            && operation.RequestBody?.Content?[Json] is { } body)
        {
            body.Example = JsonNode.Parse(example.Json);
        }
    }

    private static void DescribeAnswers(OpenApiOperation operation, IList<object> metadata)
    {
        foreach (var answer in metadata.OfType<AnswerExample>())
        {
            if (operation.Responses!.TryGetValue($"{answer.Status}", out var response)
                && response.Content?.TryGetValue(Json, out var media) == true)
            {
                media.Example = JsonSerializer.SerializeToNode(
                    answer.Value, ApiJson.Default.GetTypeInfo(answer.Type)!);
            }
        }

        foreach (var text in metadata.OfType<TextExample>())
        {
            var response = ResponseOf(operation, text.Status);
            response.Content ??= new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal);
            response.Content[text.MediaType] = new OpenApiMediaType
            {
                Schema = new OpenApiSchema { Type = JsonSchemaType.String },
                Example = JsonValue.Create(text.Text),
            };
        }
    }

    /// <summary>The answer with this status, which is added if the operation has none.</summary>
    public static OpenApiResponse ResponseOf(OpenApiOperation operation, int status)
    {
        operation.Responses ??= [];
        var key = status.ToString(CultureInfo.InvariantCulture);
        if (!operation.Responses.TryGetValue(key, out var response))
        {
            response = new OpenApiResponse { Description = ReasonPhrases.GetReasonPhrase(status) };
            operation.Responses[key] = response;
        }

        return (OpenApiResponse)response;
    }

    private static void DescribeScope(OpenApiOperation operation, IList<object> metadata, OpenApiDocument document)
    {
        if (metadata.OfType<IAllowAnonymous>().Any())
        {
            operation.Security = [];
            return;
        }

        var scopes = metadata.OfType<IAuthorizeData>().Select(policy => policy.Policy).OfType<string>().ToList();
        operation.Description = scopes.Count == 0
            ? "Any API key may."
            : $"The API key needs the scope {string.Join(" and ", scopes.Select(scope => $"`{scope}`"))}.";
        operation.Security =
        [
            new OpenApiSecurityRequirement
            {
                [new OpenApiSecuritySchemeReference(ApiKeyAuthentication.SchemeName, document)] = scopes,
            },
        ];
    }

    private static void DescribeHeaders(OpenApiOperation operation, IList<object> metadata)
    {
        foreach (var header in metadata.OfType<AnswerHeader>())
        {
            foreach (var (status, response) in operation.Responses!)
            {
                if (header.Statuses.Count == 0
                    ? status.StartsWith('2')
                    : header.Statuses.Any(wanted => status == $"{wanted}"))
                {
                    Add(response, header.Name, header.Description);
                }
            }
        }

        foreach (var (status, response) in operation.Responses!)
        {
            switch (status)
            {
                case "401" or "403":
                    Add(response, "WWW-Authenticate", "How to present a key, and which scope it lacks");
                    break;
                case "429" or "503":
                    Add(response, "Retry-After", "Seconds to wait before the same is sent again");
                    break;
                case ['2', ..] when operation.Parameters?.Any(at => at.Name == IdempotencyKey.Header) == true:
                    Add(
                        response, FinishedAnswer.ReplayedHeader,
                        "true: an earlier request with this key was answered so");
                    break;
            }
        }
    }

    private static void Add(IOpenApiResponse response, string name, string description)
    {
        var concrete = (OpenApiResponse)response;
        concrete.Headers ??= new Dictionary<string, IOpenApiHeader>(StringComparer.Ordinal);
        concrete.Headers[name] = new OpenApiHeader
        {
            Description = description,
            Schema = new OpenApiSchema { Type = JsonSchemaType.String },
        };
    }
}

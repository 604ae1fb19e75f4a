using System.Text.Json;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Payments.Api.Idempotency;

namespace Payments.Api.Describing;

/// <summary>
/// The refusals of an operation: those that its key, its parameters, its body and its policy bring with them, and those
/// that its route names. Each status has the codes that it can have, with an example of each.
/// </summary>
internal static class DescribeProblems
{
    private const string MediaType = "application/problem+json";

    public static async Task ExecuteAsync(
        OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancel)
    {
        var document = context.Document!;
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        var types = TypesOf(operation, metadata);
        if (types.Count == 0)
        {
            return;
        }

        if (document.Components?.Schemas?.ContainsKey(nameof(ProblemBody)) != true)
        {
            var schema = await context.GetOrCreateSchemaAsync(typeof(ProblemBody), cancellationToken: cancel);
            document.AddComponent(nameof(ProblemBody), schema);
        }

        foreach (var ofStatus in types.GroupBy(type => type.Status))
        {
            var response = DescribeOperation.ResponseOf(operation, ofStatus.Key);
            response.Content ??= new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal);
            response.Content[MediaType] = new OpenApiMediaType
            {
                Schema = SchemaOf([.. ofStatus], document),
                Examples = ofStatus.ToDictionary(
                    type => type.Code,
                    IOpenApiExample (type) => new OpenApiExampleReference(type.Code, document),
                    StringComparer.Ordinal),
            };
        }
    }

    /// <summary>The schema and an example of every type, which the operations refer to.</summary>
    public static void AddTypes(OpenApiDocument document)
    {
        document.Components!.Examples ??= new Dictionary<string, IOpenApiExample>(StringComparer.Ordinal);
        foreach (var type in ProblemTypes.All)
        {
            document.AddComponent(SchemaName(type), SchemaOf(type, document));
            document.Components.Examples[type.Code] = new OpenApiExample
            {
                Summary = type.Title,
                Description = type.Documentation,
                Value = JsonSerializer.SerializeToNode(ExampleOf(type), ApiJson.Default.ProblemBody),
            };
        }
    }

    private static List<ProblemType> TypesOf(OpenApiOperation operation, IList<object> metadata)
    {
        var types = new List<ProblemType>();
        var parameters = operation.Parameters ?? [];
        if (parameters.Any(parameter => parameter.In == ParameterLocation.Query))
        {
            types.Add(ProblemTypes.InvalidRequest);
        }

        if (parameters.Any(parameter => parameter.Name == "starting_after"))
        {
            types.Add(ProblemTypes.InvalidCursor);
        }

        if (parameters.FirstOrDefault(parameter => parameter.Name == IdempotencyKey.Header) is { } key)
        {
            types.AddRange(
                ProblemTypes.IdempotencyKeyInvalid, ProblemTypes.IdempotencyKeyInUse,
                ProblemTypes.IdempotencyKeyReused);
            if (key.Required)
            {
                types.Add(ProblemTypes.IdempotencyKeyMissing);
            }
        }

        if (operation.RequestBody is not null)
        {
            types.AddRange(
                ProblemTypes.InvalidJson, ProblemTypes.InvalidRequest, ProblemTypes.BadRequest,
                ProblemTypes.BodyTooLarge, ProblemTypes.UnsupportedMediaType, ProblemTypes.Unprocessable);
        }

        types.AddRange(metadata.OfType<ProblemAnswers>().SelectMany(answers => answers.Types));
        if (!metadata.OfType<IAllowAnonymous>().Any())
        {
            types.AddRange(
                ProblemTypes.Unauthorized, ProblemTypes.RateLimited, ProblemTypes.InternalError,
                ProblemTypes.DatabaseUnavailable);
            if (metadata.OfType<IAuthorizeData>().Any(policy => policy.Policy is not null))
            {
                types.Add(ProblemTypes.InsufficientScope);
            }
        }

        return [.. types.Distinct()];
    }

    private static IOpenApiSchema SchemaOf(List<ProblemType> types, OpenApiDocument document) => types is [var one]
        ? new OpenApiSchemaReference(SchemaName(one), document)
        : new OpenApiSchema
        {
            AnyOf = [.. types.Select(type => new OpenApiSchemaReference(SchemaName(type), document))],
        };

    private static OpenApiSchema SchemaOf(ProblemType type, OpenApiDocument document) => new()
    {
        Title = type.Title,
        Description = type.Documentation,
        AllOf =
        [
            new OpenApiSchemaReference(nameof(ProblemBody), document),
            new OpenApiSchema
            {
                Properties = new Dictionary<string, IOpenApiSchema>(StringComparer.Ordinal)
                {
                    ["type"] = new OpenApiSchema { Enum = [type.Uri] },
                    ["title"] = new OpenApiSchema { Enum = [type.Title] },
                    ["status"] = new OpenApiSchema { Enum = [type.Status] },
                    ["code"] = new OpenApiSchema { Enum = [type.Code] },
                },
            },
        ],
    };

    /// <summary><c>payment_not_found</c> is <c>PaymentNotFoundProblem</c>.</summary>
    private static string SchemaName(ProblemType type) =>
        string.Concat(type.Code.Split('_').Select(word => char.ToUpperInvariant(word[0]) + word[1..])) + "Problem";

    private static ProblemBody ExampleOf(ProblemType type)
    {
        var error = type.Code switch
        {
            "invalid_request" => ProblemError.Of(
                "limit", "invalid_limit", "must be a whole number from 1 to 100"),
            "unprocessable" => ProblemError.At(
                "#/amount", "too_many_decimals", "must have at most 2 decimals in USD"),
            "refund_exceeds_remaining" => ProblemError.At("#/amount", "amount_too_large", "must be at most 60.00"),
            _ => null,
        };
        return new ProblemBody(
            type.Uri, type.Title, type.Status, type.Title + ".", "/payments", type.Code, Examples.TraceId,
            error is null ? null : [error]);
    }
}

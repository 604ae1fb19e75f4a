using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Payments.Api.Describing;
using Payments.Api.Idempotency;
using Payments.Api.Keys;
using Payments.Api.Paging;

namespace Payments.Api;

/// <summary>What the OpenAPI document says beyond what the routes and the answers' types already tell.</summary>
internal static class OpenApiDescription
{
    public static void AddOpenApiDescription(this IServiceCollection services) =>
        services.AddOpenApi(options =>
        {
            options.AddSchemaTransformer(DescribeSchema.ExecuteAsync);
            options.AddOperationTransformer(DescribeOperation.ExecuteAsync);
            options.AddDocumentTransformer(DescribeDocumentAsync);
        });

    /// <summary>The parameters of every list, and the filters of this one.</summary>
    public static RouteHandlerBuilder DescribesPage(this RouteHandlerBuilder route, params string[] filters) =>
        route.DescribesQuery(filters).WithMetadata(new OperationPart(operation =>
        {
            var limit = new OpenApiSchema
            {
                Type = JsonSchemaType.Integer,
                Minimum = "1",
                Maximum = FormattableString.Invariant($"{PageQuery.MostItems}"),
                Default = JsonValue.Create(PageQuery.DefaultLimit),
            };
            operation.Parameters!.Add(Query("limit", limit));
            operation.Parameters.Add(Query("starting_after"));
            operation.Parameters.Add(Query("ending_before"));
        }));

    public static RouteHandlerBuilder DescribesQuery(this RouteHandlerBuilder route, params string[] names) =>
        route.WithMetadata(new OperationPart(operation =>
        {
            operation.Parameters ??= [];
            foreach (var name in names)
            {
                operation.Parameters.Add(Query(name));
            }
        }));

    /// <summary>An optional body of optional strings, as <see cref="TextBody"/> reads it.</summary>
    public static RouteHandlerBuilder DescribesTextBody(this RouteHandlerBuilder route, params string[] members) =>
        route.DescribesBody(
            Object(
                [],
                members.ToDictionary(
                    member => member,
                    IOpenApiSchema (_) => new OpenApiSchema { Type = JsonSchemaType.String | JsonSchemaType.Null },
                    StringComparer.Ordinal)),
            required: false);

    /// <summary>The header that names a request.</summary>
    public static RouteHandlerBuilder DescribesKey(this RouteHandlerBuilder route, bool required = true) =>
        route.WithMetadata(new OperationPart(operation =>
        {
            operation.Parameters ??= [];
            operation.Parameters.Add(new OpenApiParameter
            {
                Name = IdempotencyKey.Header,
                In = ParameterLocation.Header,
                Required = required,
                Schema = Text(IdempotencyKey.MaxLength),
            });
        }));

    public static RouteHandlerBuilder DescribesCreatePayment(this RouteHandlerBuilder route) =>
        route.DescribesKey().DescribesBody(CreatePaymentSchema())
            .WithBodyExample(Payments.PaymentExamples.Create);

    /// <summary>The body of a request, which is read by a parser that the framework knows nothing of.</summary>
    public static RouteHandlerBuilder DescribesBody(
        this RouteHandlerBuilder route, OpenApiSchema schema, bool required = true, string? description = null) =>
        route.WithMetadata(new OperationPart(operation =>
        {
            operation.RequestBody = new OpenApiRequestBody
            {
                Required = required,
                Description = description,
                Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal)
                {
                    ["application/json"] = new() { Schema = schema },
                },
            };
        }));

    public static OpenApiSchema Object(
        IReadOnlyCollection<string> required, Dictionary<string, IOpenApiSchema> properties) => new()
        {
            Type = JsonSchemaType.Object,
            AdditionalPropertiesAllowed = false,
            Required = required.Count == 0 ? null : new HashSet<string>(required, StringComparer.Ordinal),
            Properties = properties,
        };

    public static OpenApiSchema AccountName() => Text(Ledger.Accounts.AccountName.MaxLength);

    public static OpenApiSchema Amount(string description, bool optional = false) => new()
    {
        Type = optional
            ? JsonSchemaType.Number | JsonSchemaType.String | JsonSchemaType.Null
            : JsonSchemaType.Number | JsonSchemaType.String,
        Description = description,
    };

    public static OpenApiSchema CurrencyCode() => new()
    {
        Type = JsonSchemaType.String | JsonSchemaType.Null,
        Description = "ISO 4217 code in capitals, or USDC",
        Default = JsonValue.Create(Ledger.Currency.Usd.Code),
    };

    public static OpenApiSchema Description() => new()
    {
        Type = JsonSchemaType.String | JsonSchemaType.Null,
        MaxLength = Payments.PaymentValues.DescriptionMaxLength,
    };

    public static OpenApiSchema Text(int longest) =>
        new() { Type = JsonSchemaType.String, MinLength = 1, MaxLength = longest };

    private static OpenApiSchema CreatePaymentSchema() => Object(
        ["accountId", "amount"],
        new(StringComparer.Ordinal)
        {
            ["accountId"] = AccountName(),
            ["amount"] = Amount(
                "In the currency's unit, read exactly; zero and negative amounts are settled as failed"),
            ["currency"] = CurrencyCode(),
            ["description"] = Description(),
        });

    private static OpenApiParameter Query(string name, OpenApiSchema? schema = null) => new()
    {
        Name = name,
        In = ParameterLocation.Query,
        Schema = schema ?? new OpenApiSchema { Type = JsonSchemaType.String },
    };

    private static Task DescribeDocumentAsync(
        OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancel)
    {
        document.Info = new OpenApiInfo { Title = "Payments", Version = "v1" };

        // The address is whatever the client used to get here; a server behind a proxy does not know it.
        document.Servers = null;
        document.Components ??= new OpenApiComponents();
        DescribeProblems.AddTypes(document);
        DescribeHealth.AddTo(document);
        document.Components.SecuritySchemes ??=
            new Dictionary<string, IOpenApiSecurityScheme>(StringComparer.Ordinal);
        document.Components.SecuritySchemes[ApiKeyAuthentication.SchemeName] = new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.Http,
            Scheme = "bearer",
            Description = "An API key",
        };
        document.Security =
        [
            new OpenApiSecurityRequirement
            {
                [new OpenApiSecuritySchemeReference(ApiKeyAuthentication.SchemeName, document)] = [],
            },
        ];
        return Task.CompletedTask;
    }
}

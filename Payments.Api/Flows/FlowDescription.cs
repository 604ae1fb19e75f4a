using Microsoft.OpenApi;
using Payments.Api.Describing;

namespace Payments.Api.Flows;

/// <summary>What the OpenAPI document says about the requests of flows.</summary>
internal static class FlowDescription
{
    /// <summary>The list of a kind of flow.</summary>
    public static RouteHandlerBuilder DescribesFlows<TRow, TAnswer>(
        this RouteHandlerBuilder route, FlowKind<TRow, TAnswer> kind, TAnswer example)
        where TRow : class, IFlowRow
        where TAnswer : IFlowAnswer
    {
        var flows = kind.Name + "s";
        return route
            .WithSummary(
                char.ToUpperInvariant(flows[0]) + flows[1..]
                    + ", newest first; with status=completed in the order of completion, last first")
            .DescribesPage("accountId", "status")
            .DescribesParameter("status", $"Status of the {flows}", "completed", kind.Statuses)
            .Answers(Examples.ListOf(kind.Path, example));
    }

    public static RouteHandlerBuilder DescribesFlow(
        this RouteHandlerBuilder route, IReadOnlyCollection<string> required,
        params (string Name, IOpenApiSchema Schema)[] own)
    {
        var members = new Dictionary<string, IOpenApiSchema>(StringComparer.Ordinal)
        {
            ["accountId"] = OpenApiDescription.AccountName(),
        };
        foreach (var (name, schema) in own)
        {
            members[name] = schema;
        }

        members["reference"] = new OpenApiSchema
        {
            Type = JsonSchemaType.String | JsonSchemaType.Null,
            MaxLength = FlowValues.TextMaxLength,
            Description = "What the outside calls it, such as a transaction's hash; of one flow of its kind only",
        };
        members["description"] = OpenApiDescription.Description();
        return route.DescribesKey().DescribesBody(OpenApiDescription.Object(required, members));
    }

    /// <summary>The one currency that flows of a kind have.</summary>
    public static IOpenApiSchema Only(string currency) => new OpenApiSchema
    {
        Type = JsonSchemaType.String | JsonSchemaType.Null,
        Description = "Always " + currency,
        Default = currency,
    };

    public static RouteHandlerBuilder DescribesReason(this RouteHandlerBuilder route) => route.DescribesBody(
        OpenApiDescription.Object(
            [FlowReason.Member],
            new(StringComparer.Ordinal)
            {
                [FlowReason.Member] = OpenApiDescription.Text(FlowValues.TextMaxLength),
            }));
}

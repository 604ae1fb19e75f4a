using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using Payments.Api.Idempotency;

namespace Payments.Api.Refunds;

/// <summary>What the OpenAPI document says about the request for a refund.</summary>
internal static class RefundDescription
{
    public static RouteHandlerBuilder DescribesRefund(this RouteHandlerBuilder route, bool keyInBody) =>
        route.DescribesKey(required: !keyInBody).DescribesBody(
            Schema(keyInBody),
            required: false,
            keyInBody ? null : "Without one, all that is left is given back")
            .ProducesProblems(ProblemTypes.IdempotencyKeyMissing);

    private static OpenApiSchema Schema(bool keyInBody)
    {
        var members = new Dictionary<string, IOpenApiSchema>(StringComparer.Ordinal)
        {
            ["amount"] = OpenApiDescription.Amount(
                "More than zero, in the payment's currency, read exactly; null: all that is left", optional: true),
            ["reason"] = new OpenApiSchema
            {
                Type = JsonSchemaType.String,
                Enum = [.. CreateRefundRequest.Reasons.Select(reason => (JsonNode)reason)],
            },
        };
        if (keyInBody)
        {
            members["idempotencyKey"] = new OpenApiSchema
            {
                Type = JsonSchemaType.String | JsonSchemaType.Null,
                MaxLength = IdempotencyKey.MaxLength,
                Description = "Here or in the header, or the same in both",
            };
        }

        return OpenApiDescription.Object([], members);
    }
}

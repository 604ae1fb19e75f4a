using Payments.Api.Idempotency;

namespace Payments.Api.Transfers;

/// <summary>What the OpenAPI document says of the body that creates a transfer.</summary>
internal static class TransferDescription
{
    public static RouteHandlerBuilder DescribesCreateTransfer(this RouteHandlerBuilder route) =>
        route.DescribesKey(required: false).DescribesBody(OpenApiDescription.Object(
            ["transaction", "idempotencyKey"],
            new(StringComparer.Ordinal)
            {
                ["idempotencyKey"] = OpenApiDescription.Text(IdempotencyKey.MaxLength),
                ["transaction"] = OpenApiDescription.Object(
                    ["source_account_id", "destination_account_id", "amount"],
                    new(StringComparer.Ordinal)
                    {
                        ["source_account_id"] = OpenApiDescription.AccountName(),
                        ["destination_account_id"] = OpenApiDescription.AccountName(),
                        ["amount"] = OpenApiDescription.Amount(
                            "In the currency's unit, read exactly; greater than zero"),
                        ["currency"] = OpenApiDescription.CurrencyCode(),
                        ["description"] = OpenApiDescription.Description(),
                    }),
            }))
            .WithBodyExample(TransferExamples.Create)
            .ProducesProblems(ProblemTypes.IdempotencyKeyMissing);
}

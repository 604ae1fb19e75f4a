namespace Payments.Api.Accounts;

/// <summary>What the OpenAPI document says of the body that opens an account.</summary>
internal static class AccountDescription
{
    public static RouteHandlerBuilder DescribesOpenAccount(this RouteHandlerBuilder route) =>
        route.DescribesBody(OpenApiDescription.Object(
            ["accountId"],
            new(StringComparer.Ordinal)
            {
                ["accountId"] = OpenApiDescription.AccountName(),
                ["currency"] = OpenApiDescription.CurrencyCode(),
                ["minimumBalance"] = OpenApiDescription.Amount(
                    "What transfers must leave in the account; below zero it may be overdrawn as far; null: no limit",
                    optional: true),
            })).WithBodyExample(AccountExamples.Open);
}

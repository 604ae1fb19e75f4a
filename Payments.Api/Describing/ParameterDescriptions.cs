namespace Payments.Api.Describing;

/// <param name="Example">As it stands in an address.</param>
/// <param name="Words">All values that are accepted, where they are few.</param>
internal sealed record ParameterDescription(
    string Description, string Example, IReadOnlyList<string>? Words = null, string? Format = null);

/// <summary>What a parameter means wherever it has this name.</summary>
internal static class ParameterDescriptions
{
    private static readonly Dictionary<string, ParameterDescription> ByName = new(StringComparer.Ordinal)
    {
        ["accountId"] = new("Name of the account", "ACC-001"),
        ["id"] = new("Id of the payment or transaction", $"{Examples.PaymentId}"),
        ["refundId"] = new("Id of the refund", $"{Examples.RefundId}"),
        ["key"] = new("The idempotency key; it may contain slashes", "rent-2026-03"),
        ["idempotencyKey"] = new(
            "The idempotency key, where it cannot stand in the path: one with an empty or dotted segment",
            "rent-2026-03"),
        ["name"] = new("The last part of a problem's type", "payment-not-found"),
        ["currency"] = new(
            "ISO 4217 code in capitals, or USDC; without it USD if the account has it, else its only one", "USD"),
        ["at"] = new("A moment of the past, in ISO 8601; without it now", "2026-03-01T12:00:00Z"),
        ["from"] = new("The first moment of the period; without it from the beginning", "2026-03-01"),
        ["to"] = new("The first moment after the period; without it until now", "2026-04-01"),
        ["format"] = new(
            "What is answered; without it the header Accept decides", "json", ["json", "csv"]),
        ["search"] = new("What names of accounts begin with, in any case", "acc"),
        ["jobId"] = new("Id of a job: its payment's, or its refund's", $"{Examples.PaymentId}", Format: "uuid"),
        ["report"] = new("Id of a report; without it the last one", $"{Examples.ReportId}", Format: "uuid"),
        ["actor"] = new("Owner of an API key, or the command or service that acted", "shop"),
        ["action"] = new("What was done", "key.revoked"),
        ["objectType"] = new("Kind of what was acted on", "key"),
        ["objectId"] = new("Id of what was acted on", $"{Examples.KeyId}"),
        ["limit"] = new("Most items in the page", "10"),
        ["starting_after"] = new("Id of an item: the page of older ones after it", ""),
        ["ending_before"] = new("Id of an item: the page of newer ones before it", ""),
        [Idempotency.IdempotencyKey.Header] = new(
            "Names the request, so that it can be repeated; bare or as a quoted string", "order-1001"),
    };

    public static ParameterDescription? Find(string? name) => ByName.GetValueOrDefault(name ?? "");
}

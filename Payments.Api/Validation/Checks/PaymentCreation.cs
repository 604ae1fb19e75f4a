using Payments.Ledger;

namespace Payments.Api.Validation.Checks;

/// <summary>POST /payments answers 201 with the address of the payment and the payment itself, pending.</summary>
internal sealed class PaymentCreation(ApiClient api) : ICheck
{
    public string Name => "Payment creation";

    public string Step => "Create a payment via the API";

    public async Task<Finding> RunAsync(TrialPayment payment, CancellationToken cancel)
    {
        var answer = await api.CreatePaymentAsync(payment.Request, payment.Key, cancel);
        if (answer.Unless(StatusCodes.Status201Created) is { } refused)
        {
            return refused;
        }

        var json = answer.Json;
        if (!json.TryGetMember("id", out var member) || !member.TryGetGuid(out var id))
        {
            return new Finding.Failed("id with a UUID", answer.Body, "The answer does not say which payment it is.");
        }

        payment.WasCreated(id, answer);
        var amount = TrialPayment.Amount;
        return Finding.FirstDifference(
            "The answer to POST /payments is not the payment that was asked for.",
            Fact.Of("Location", payment.Location, answer.Location),
            Fact.Of("Idempotent-Replayed", null, answer.Replayed),
            Fact.Text(json, "accountId", payment.Account),
            Fact.Amount(json, "amount", amount),
            Fact.Text(json, "currency", amount.Currency.Code),
            Fact.Text(json, "description", TrialPayment.Description),
            Fact.Text(json, "status", "pending"),
            Fact.Nothing(json, "discrepancy"),
            Fact.Amount(json, "refundedAmount", new Money(0, amount.Currency)),
            Fact.Nothing(json, "failureReason"),
            Fact.Nothing(json, "settledAt"))
            ?? (Finding)new Finding.Passed($"201 {payment.Location}: {amount} to {payment.Account}, pending");
    }
}

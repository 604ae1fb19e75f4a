using System.Globalization;
using Payments.Ledger;

namespace Payments.Api.Validation;

/// <summary>
/// The payment that one run makes. Its account and its idempotency key are the run's own, so that any number of runs,
/// also at once, see exactly one payment and one entry.
/// </summary>
/// <param name="run">Unique for ever.</param>
internal sealed class TrialPayment(Guid run)
{
    public const string Description = "End-to-end validation";

    /// <summary>Settles as completed by the rules of the documents: above zero, and not ending in .13.</summary>
    public static readonly Money Amount = new(250_75, Currency.Usd);

    private static readonly Money OtherAmount = new(250_76, Currency.Usd);

    public string Account { get; } = $"validate-{run:N}";

    public string Key { get; } = $"validate-{run:D}";

    /// <summary>The request that creates it.</summary>
    public string Request => RequestOf(Amount);

    /// <summary>A request that differs in the amount and so must be refused under the same key.</summary>
    public string OtherRequest => RequestOf(OtherAmount);

    /// <summary>Known once the payment was created.</summary>
    public Guid Id { get; private set; }

    /// <summary>The answer that created it, which every repetition must get again.</summary>
    public ApiAnswer Created { get; private set; } = ApiAnswer.None;

    public string Location => $"/payments/{Id}";

    public void WasCreated(Guid id, ApiAnswer answer) => (Id, Created) = (id, answer);

    // Every value consists of characters that JSON writes as they are.
    private string RequestOf(Money amount) => string.Create(
        CultureInfo.InvariantCulture,
        $$"""{"accountId": "{{Account}}", "amount": {{amount.ToDecimal()}}, "description": "{{Description}}"}""");
}

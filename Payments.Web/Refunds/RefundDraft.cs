namespace Payments.Web.Refunds;

/// <summary>
/// A refund being entered. It has one idempotency key until it is known to be made, so a second click, a retry after a
/// lost answer or a correction after a refusal can never refund twice; the next refund gets a new key.
/// </summary>
public sealed class RefundDraft(TimeProvider clock)
{
    private readonly Dictionary<string, string> _errors = new(StringComparer.Ordinal);

    /// <summary>Empty for all that is left.</summary>
    public string Amount { get; set; } = "";

    /// <summary>Empty for none.</summary>
    public string Reason { get; set; } = "";

    public Guid IdempotencyKey { get; private set; } = Guid.CreateVersion7(clock.GetUtcNow());

    public bool IsSending { get; private set; }

    /// <summary>The last refusal or failure; null while there is none.</summary>
    public Problem? Problem { get; private set; }

    /// <summary>The refund made last; null from the next attempt on.</summary>
    public CreatedRefund? Created { get; private set; }

    /// <summary>What is wrong with a field, by its name in the API's body, or null.</summary>
    public string? ErrorOf(string member) => _errors.GetValueOrDefault(member) ?? Problem?.ErrorOf(member);

    /// <summary>
    /// Sends the refund, unless it is being sent or a field is wrong. Runs to the end even when the form is left:
    /// the refund may exist already.
    /// </summary>
    internal async Task SendAsync(PaymentsApi api, PaymentDetails payment)
    {
        if (IsSending)
        {
            return;
        }

        Created = null;
        Problem = null;

        if (Check(payment.Currency) is not { } refund)
        {
            return;
        }

        IsSending = true;

        try
        {
            var answer = await api.RefundPaymentAsync(payment.Id, refund, IdempotencyKey, CancellationToken.None);
            Problem = answer.Problem;

            if (answer.Value is not null)
            {
                Created = answer.Value;
                StartAnother();
            }
        }
        finally
        {
            IsSending = false;
        }
    }

    /// <summary>
    /// Gives the draft up for a new refund, with a new key. What was sent under the old key stays as it is.
    /// </summary>
    public void StartAnother()
    {
        Problem = null;
        Amount = "";
        Reason = "";
        _errors.Clear();
        IdempotencyKey = Guid.CreateVersion7(clock.GetUtcNow());
    }

    // Only what makes the request impossible to write; the API's own rules stay in the API.
    private NewRefund? Check(string currency)
    {
        _errors.Clear();
        decimal? amount = null;

        if (Amount.Trim().Length > 0)
        {
            if (!MoneyText.TryRead(Amount, out var entered))
            {
                _errors["amount"] = "Write the amount in digits, with a point before decimals and no commas.";
            }
            else if (MoneyText.DecimalsOf(currency) is { } decimals && entered.Scale > decimals)
            {
                _errors["amount"] = decimals == 0
                    ? $"{currency} has no decimals."
                    : $"{currency} has at most {decimals} decimals.";
            }

            amount = entered;
        }

        return _errors.Count > 0 ? null : new(amount, Reason.Length > 0 ? Reason : null);
    }
}

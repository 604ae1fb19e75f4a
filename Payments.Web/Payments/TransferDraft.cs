namespace Payments.Web.Payments;

/// <summary>
/// A transfer being entered. As with a payment, one idempotency key until it is known to be created: a second click, a
/// retry or a correction can never move the money twice.
/// </summary>
public sealed class TransferDraft(TimeProvider clock)
{
    private readonly Dictionary<string, string> _errors = new(StringComparer.Ordinal);

    public string Source { get; set; } = "";

    public string Destination { get; set; } = "";

    public string Amount { get; set; } = "";

    public string Currency { get; set; } = MoneyText.Offered[0];

    public string Description { get; set; } = "";

    public Guid IdempotencyKey { get; private set; } = Guid.CreateVersion7(clock.GetUtcNow());

    public bool IsSending { get; private set; }

    /// <summary>The last refusal or failure; null while there is none.</summary>
    public Problem? Problem { get; private set; }

    /// <summary>The transfer created last; null from the next attempt on.</summary>
    public CreatedTransfer? Created { get; private set; }

    /// <summary>What is wrong with a field, by its name in the API's body, or null.</summary>
    public string? ErrorOf(string member) => _errors.GetValueOrDefault(member) ?? Problem?.ErrorOf(member);

    /// <summary>
    /// Sends the transfer, unless it is being sent or a field is wrong. Runs to the end even when the form is left:
    /// the transfer may exist already.
    /// </summary>
    internal async Task SendAsync(PaymentsApi api)
    {
        if (IsSending)
        {
            return;
        }

        Created = null;
        Problem = null;
        if (Check() is not { } transfer)
        {
            return;
        }

        IsSending = true;
        try
        {
            var answer = await api.CreateTransferAsync(transfer, IdempotencyKey, CancellationToken.None);
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
    /// Gives the draft up for a new transfer, with a new key. What was sent under the old key stays as it is.
    /// </summary>
    public void StartAnother()
    {
        Problem = null;
        Amount = "";
        Description = "";
        _errors.Clear();
        IdempotencyKey = Guid.CreateVersion7(clock.GetUtcNow());
    }

    // Only what makes the request impossible to write; the API's own rules stay in the API.
    private NewTransfer? Check()
    {
        _errors.Clear();
        if (Source.Trim().Length == 0)
        {
            _errors["source_account_id"] = "Enter the account that pays.";
        }

        if (Destination.Trim().Length == 0)
        {
            _errors["destination_account_id"] = "Enter the account to pay into.";
        }

        if (!MoneyText.TryRead(Amount, out var amount))
        {
            _errors["amount"] = Amount.Trim().Length == 0
                ? "Enter an amount."
                : "Write the amount in digits, with a point before decimals and no commas.";
        }

        return _errors.Count > 0
            ? null
            : new(Source.Trim(), Destination.Trim(), amount, Currency,
                Description.Trim() is { Length: > 0 } text ? text : null);
    }
}

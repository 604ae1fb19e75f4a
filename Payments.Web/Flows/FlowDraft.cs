namespace Payments.Web.Flows;

/// <summary>
/// A flow being entered. As with a payment, one idempotency key until it is known to be created: a second click, a
/// retry or a correction can never record it twice.
/// </summary>
internal sealed class FlowDraft(FlowKind kind, TimeProvider clock)
{
    private readonly Dictionary<string, string> _errors = new(StringComparer.Ordinal);

    public string AccountId { get; set; } = "";

    /// <summary>Of a conversion, in USDC.</summary>
    public string Amount { get; set; } = "";

    /// <summary>Of a conversion alone; empty for as much as in USDC.</summary>
    public string UsdAmount { get; set; } = "";

    public string Reference { get; set; } = "";

    public string Description { get; set; } = "";

    public Guid IdempotencyKey { get; private set; } = Guid.CreateVersion7(clock.GetUtcNow());

    public bool IsSending { get; private set; }

    /// <summary>The last refusal or failure; null while there is none.</summary>
    public Problem? Problem { get; private set; }

    /// <summary>The flow created last; null from the next attempt on.</summary>
    public CreatedFlow? Created { get; private set; }

    /// <summary>The name of the amount in the API's body.</summary>
    public string AmountMember => kind.IsConversion ? "usdcAmount" : "amount";

    /// <summary>What is wrong with a field, by its name in the API's body, or null.</summary>
    public string? ErrorOf(string member) => _errors.GetValueOrDefault(member) ?? Problem?.ErrorOf(member);

    /// <summary>
    /// Sends the flow, unless it is being sent or a field is wrong. Runs to the end even when the form is left: the
    /// flow may exist already.
    /// </summary>
    public async Task SendAsync(PaymentsApi api)
    {
        if (IsSending)
        {
            return;
        }

        Created = null;
        Problem = null;
        if (Check() is not { } flow)
        {
            return;
        }

        IsSending = true;
        try
        {
            var answer = await api.CreateFlowAsync(kind, flow, IdempotencyKey, CancellationToken.None);
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

    /// <summary>Gives the draft up for a new flow, with a new key.</summary>
    public void StartAnother()
    {
        Problem = null;
        (Amount, UsdAmount, Reference, Description) = ("", "", "", "");
        _errors.Clear();
        IdempotencyKey = Guid.CreateVersion7(clock.GetUtcNow());
    }

    // Only what makes the request impossible to write; the API's own rules stay in the API.
    private NewFlow? Check()
    {
        _errors.Clear();
        if (AccountId.Trim().Length == 0)
        {
            _errors["accountId"] = "Enter an account.";
        }

        var amount = Read(Amount, AmountMember);
        if (amount is null && !_errors.ContainsKey(AmountMember))
        {
            _errors[AmountMember] = "Enter an amount.";
        }

        var usd = kind.IsConversion ? Read(UsdAmount, "usdAmount") : null;
        return _errors.Count > 0
            ? null
            : new(
                AccountId.Trim(),
                kind.IsConversion ? null : amount,
                kind.IsConversion ? amount : null,
                usd,
                Text(Reference),
                Text(Description));
    }

    private decimal? Read(string text, string member)
    {
        if (text.Trim().Length == 0)
        {
            return null;
        }

        if (MoneyText.TryRead(text, out var amount))
        {
            return amount;
        }

        _errors[member] = "Write the amount in digits, with a point before decimals and no commas.";
        return null;
    }

    private static string? Text(string text) => text.Trim() is { Length: > 0 } trimmed ? trimmed : null;
}

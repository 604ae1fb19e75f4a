namespace Payments.Web.Payments;

/// <summary>
/// A movement of money being entered. It has one idempotency key until it is known to be created, so a second click, a
/// retry after a lost answer or a correction after a refusal can never move the money twice; the next one gets a new
/// key.
/// </summary>
public abstract class Draft<TRequest, TCreated>(TimeProvider clock)
    where TCreated : class
{
    private readonly Dictionary<string, string> _errors = new(StringComparer.Ordinal);

    public string Amount { get; set; } = "";

    public string Currency { get; set; } = MoneyText.Offered[0];

    public string Description { get; set; } = "";

    public Guid IdempotencyKey { get; private set; } = Guid.CreateVersion7(clock.GetUtcNow());

    public bool IsSending { get; private set; }

    /// <summary>The last refusal or failure; null while there is none.</summary>
    public Problem? Problem { get; private set; }

    /// <summary>What was created last; null from the next attempt on.</summary>
    public TCreated? Created { get; private set; }

    /// <summary>What is wrong with a field, by its name in the API's body, or null.</summary>
    public string? ErrorOf(string member) => _errors.GetValueOrDefault(member) ?? Problem?.ErrorOf(member);

    /// <summary>
    /// Sends the request, unless it is being sent or a field is wrong. Runs to the end even when the form is left: what
    /// it asks for may exist already.
    /// </summary>
    internal async Task SendAsync(PaymentsApi api)
    {
        if (IsSending)
        {
            return;
        }

        Created = null;
        Problem = null;
        _errors.Clear();
        var request = Write();
        if (_errors.Count > 0)
        {
            return;
        }

        IsSending = true;

        try
        {
            var answer = await SendAsync(api, request, IdempotencyKey);
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
    /// Gives the draft up for a new one, with a new key. What was sent under the old key stays as it is.
    /// </summary>
    public void StartAnother()
    {
        Problem = null;
        Amount = "";
        Description = "";
        _errors.Clear();
        IdempotencyKey = Guid.CreateVersion7(clock.GetUtcNow());
    }

    /// <summary>
    /// The request, after the faults that make it impossible to write; the API's own rules stay in the API.
    /// </summary>
    private protected abstract TRequest Write();

    private protected abstract Task<Answer<TCreated>> SendAsync(
        PaymentsApi api, TRequest request, Guid idempotencyKey);

    private protected void Refuse(string member, string sentence) => _errors[member] = sentence;

    /// <summary>The name of an account in a field.</summary>
    private protected string ReadAccount(string field, string member, string whenEmpty)
    {
        var name = field.Trim();
        if (name.Length == 0)
        {
            Refuse(member, whenEmpty);
        }

        return name;
    }

    private protected decimal ReadAmount()
    {
        if (!MoneyText.TryRead(Amount, out var amount))
        {
            Refuse("amount", Amount.Trim().Length == 0
                ? "Enter an amount."
                : "Write the amount in digits, with a point before decimals and no commas.");
        }
        else if (MoneyText.DecimalsOf(Currency) is { } decimals && amount.Scale > decimals)
        {
            Refuse("amount", decimals == 0
                ? $"{Currency} has no decimals."
                : $"{Currency} has at most {decimals} decimals.");
        }

        return amount;
    }

    private protected string? ReadDescription() => Description.Trim() is { Length: > 0 } text ? text : null;
}

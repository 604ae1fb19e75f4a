namespace Payments.Web.Accounts;

/// <summary>An account being opened. Opening it twice with the same settings opens it once.</summary>
public sealed class AccountDraft
{
    private readonly Dictionary<string, string> _errors = new(StringComparer.Ordinal);

    public string AccountId { get; set; } = "";

    public string Currency { get; set; } = MoneyText.Offered[0];

    public string MinimumBalance { get; set; } = "";

    public bool IsSending { get; private set; }

    /// <summary>The last refusal or failure; null while there is none.</summary>
    public Problem? Problem { get; private set; }

    /// <summary>The account opened last; null from the next attempt on.</summary>
    public Account? Opened { get; private set; }

    /// <summary>What is wrong with a field, by its name in the API's body, or null.</summary>
    public string? ErrorOf(string member) => _errors.GetValueOrDefault(member) ?? Problem?.ErrorOf(member);

    /// <summary>Sends the account, unless it is being sent or a field is wrong.</summary>
    internal async Task SendAsync(PaymentsApi api)
    {
        if (IsSending)
        {
            return;
        }

        Opened = null;
        Problem = null;
        if (Check() is not { } account)
        {
            return;
        }

        IsSending = true;
        try
        {
            var answer = await api.OpenAccountAsync(account, CancellationToken.None);
            Problem = answer.Problem;
            Opened = answer.Value;
            if (Opened is not null)
            {
                AccountId = "";
                MinimumBalance = "";
            }
        }
        finally
        {
            IsSending = false;
        }
    }

    // Only what makes the request impossible to write; the API's own rules stay in the API.
    private NewAccount? Check()
    {
        _errors.Clear();
        if (AccountId.Trim().Length == 0)
        {
            _errors["accountId"] = "Enter a name for the account.";
        }

        decimal? minimum = null;
        if (MinimumBalance.Trim().Length > 0)
        {
            if (MoneyText.TryRead(MinimumBalance, out var amount))
            {
                minimum = amount;
            }
            else
            {
                _errors["minimumBalance"] = "Write the amount in digits, with a point before decimals and no commas.";
            }
        }

        return _errors.Count > 0 ? null : new(AccountId.Trim(), Currency, minimum);
    }
}

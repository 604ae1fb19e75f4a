using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Options;
using Payments.Ledger.Providers;

namespace Recon.Worker.Providers;

/// <summary>
/// The buying power of all accounts at Alpaca: <c>GET /v1/accounts</c>, then
/// <c>GET /v1/trading/accounts/{id}/account</c> for each (https://docs.alpaca.markets/reference/accounts-4).
/// </summary>
/// <remarks>
/// The list has the first thousand accounts by time of creation and goes on behind a time. Whether that time itself
/// belongs to the next page is not documented, so pages overlap by a second and an account counts once; the end is a
/// page without a new account.
/// </remarks>
internal sealed class AlpacaBalances : IProviderBalances, IDisposable
{
    /// <summary>Accounts in one page of Alpaca's.</summary>
    public const int PageSize = 1_000;

    private const int MostPages = 1_000;
    private const int AtOnce = 4;

    private static readonly TimeSpan Overlap = TimeSpan.FromSeconds(1);

    // Applications that never became an account, and accounts that were closed, which Alpaca does only to empty ones:
    // neither holds money, and the trading API may not know them.
    private static readonly HashSet<string> WithoutMoney = new(StringComparer.Ordinal)
    {
        "INACTIVE", "ONBOARDING", "SUBMITTED", "SUBMISSION_FAILED", "ACTION_REQUIRED", "APPROVAL_PENDING", "APPROVED",
        "REJECTED", "PAPER_ONLY", "ACCOUNT_CLOSED",
    };

    private readonly AlpacaOptions _alpaca;
    private readonly ProviderClient _client;

    public AlpacaBalances(IOptions<ProviderOptions> options, TimeProvider clock)
    {
        _alpaca = options.Value.Alpaca;
        var credentials = Encoding.UTF8.GetBytes($"{_alpaca.KeyId}:{_alpaca.Secret}");
        _client = new ProviderClient(
            Provider,
            _alpaca.BaseUrl,
            new AuthenticationHeaderValue("Basic", Convert.ToBase64String(credentials)),
            options.Value,
            clock);
    }

    public Provider Provider => Provider.Alpaca;

    public bool IsConfigured => _alpaca.IsConfigured;

    public Task<ProviderTotal> ReadTotalAsync(CancellationToken cancel) =>
        _client.WithinTotalTimeAsync(ReadAccountsAsync, cancel);

    public void Dispose() => _client.Dispose();

    private async Task<ProviderTotal> ReadAccountsAsync(CancellationToken cancel)
    {
        var sum = new ProviderSum(Provider, _client);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        DateTimeOffset? after = null;

        for (var page = 0; page < MostPages; page++)
        {
            var address = "v1/accounts?sort=asc";
            if (after is { } time)
            {
                address += $"&created_after={Uri.EscapeDataString(time.UtcDateTime.ToString("O"))}";
            }

            var answer = await _client.GetAsync(address, ProviderJson.Default.IReadOnlyListAlpacaAccount, cancel);
            sum.Saw(answer.AsOf);
            var accounts = answer.Value;
            var found = accounts.Where(account => seen.Add(account.Id)).ToList();
            if (found.Count == 0)
            {
                return accounts.Count < PageSize
                    ? sum.Total
                    : throw _client.Failed($"has more accounts of one second than a page has room for.");
            }

            await AddAsync(sum, found, cancel);
            after = accounts.Max(account => account.CreatedAt) - Overlap;
        }

        throw _client.Failed($"has more than {MostPages} pages of accounts.");
    }

    private Task AddAsync(ProviderSum sum, IReadOnlyList<AlpacaAccount> accounts, CancellationToken cancel) =>
        Parallel.ForEachAsync(
            accounts.Where(account => !WithoutMoney.Contains(account.Status)),
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancel },
            async (account, cancel) =>
            {
                var address = $"v1/trading/accounts/{Uri.EscapeDataString(account.Id)}/account";
                var answer = await _client.GetAsync(address, ProviderJson.Default.AlpacaTradingAccount, cancel);
                sum.Saw(answer.AsOf);
                if (answer.Value.Currency == Provider.Currency.Code)
                {
                    sum.Add(answer.Value.BuyingPower, $"account {account.Id}");
                }
            });
}

internal sealed record AlpacaAccount(
    [property: JsonRequired] string Id,
    [property: JsonRequired] string Status,
    [property: JsonRequired, JsonPropertyName("created_at")] DateTimeOffset CreatedAt);

/// <param name="BuyingPower">A decimal in dollars, as text.</param>
internal sealed record AlpacaTradingAccount(
    [property: JsonRequired] string Currency,
    [property: JsonRequired, JsonPropertyName("buying_power")] string BuyingPower);

using System.Net.Http.Headers;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Options;
using Payments.Ledger.Providers;

namespace Recon.Worker.Providers;

/// <summary>
/// The USDC of all wallets at Circle: <c>GET /v1/wallets</c>, page by page
/// (https://developers.circle.com/circle-mint/pagination-and-filtering).
/// </summary>
/// <remarks>
/// Circle writes the USDC of a wallet as an amount in USD, and newer answers as USDC; both are counted. Wallets hold
/// no other dollars. Other currencies, such as EUR for EURC, are not the users' USDC and are passed over.
/// </remarks>
internal sealed class CircleBalances : IProviderBalances, IDisposable
{
    /// <summary>The most that Circle gives in one page; it may give fewer.</summary>
    public const int PageSize = 50;

    private const int MostPages = 10_000;

    private readonly CircleOptions _circle;
    private readonly ProviderClient _client;

    public CircleBalances(IOptions<ProviderOptions> options, TimeProvider clock)
    {
        _circle = options.Value.Circle;
        _client = new ProviderClient(
            Provider,
            _circle.BaseUrl,
            new AuthenticationHeaderValue("Bearer", _circle.ApiKey ?? ""),
            options.Value,
            clock);
    }

    public Provider Provider => Provider.Circle;

    public bool IsConfigured => _circle.IsConfigured;

    public Task<ProviderTotal> ReadTotalAsync(CancellationToken cancel) =>
        _client.WithinTotalTimeAsync(ReadPagesAsync, cancel);

    public void Dispose() => _client.Dispose();

    private async Task<ProviderTotal> ReadPagesAsync(CancellationToken cancel)
    {
        var sum = new ProviderSum(Provider, _client);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        string? after = null;

        for (var page = 0; page < MostPages; page++)
        {
            var address = FormattableString.Invariant($"v1/wallets?pageSize={PageSize}");
            if (after is not null)
            {
                address += $"&pageAfter={Uri.EscapeDataString(after)}";
            }

            var answer = await _client.GetAsync(address, ProviderJson.Default.CircleWallets, cancel);
            sum.Saw(answer.AsOf);
            var wallets = answer.Value.Data;
            foreach (var wallet in wallets.Where(wallet => seen.Add(wallet.WalletId)))
            {
                Add(sum, wallet);
            }

            var next = NextCursor(answer.Link, wallets);
            if (next is null)
            {
                return sum.Total;
            }

            if (next == after)
            {
                throw _client.Failed($"pages its wallets in a circle.");
            }

            after = next;
        }

        throw _client.Failed($"has more than {MostPages} pages of wallets.");
    }

    private static void Add(ProviderSum sum, CircleWallet wallet)
    {
        foreach (var balance in wallet.Balances.Where(balance => balance.Currency is "USD" or "USDC"))
        {
            sum.Add(balance.Amount, $"wallet {wallet.WalletId}");
        }
    }

    // Only the cursor is taken from the link, never its host: the credentials stay with the address that was set.
    // Without any link a full page may have another behind it.
    private static string? NextCursor(string? link, IReadOnlyList<CircleWallet> wallets) => link is null
        ? wallets.Count < PageSize ? null : wallets[^1].WalletId
        : PageLinks.Cursor(link, "next", "pageAfter");
}

internal sealed record CircleWallets([property: JsonRequired] IReadOnlyList<CircleWallet> Data);

internal sealed record CircleWallet(
    [property: JsonRequired] string WalletId, [property: JsonRequired] IReadOnlyList<CircleAmount> Balances);

/// <param name="Amount">A decimal in units of the currency, as text.</param>
internal sealed record CircleAmount(
    [property: JsonRequired] string Amount, [property: JsonRequired] string Currency);

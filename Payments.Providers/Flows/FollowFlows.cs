using System.Net;
using System.Text.Json;

namespace Payments.Providers.Flows;

/// <summary>
/// Keeps what each provider holds in step with the completed flows, which it reads over HTTP: Circle the deposits less
/// what was converted, Alpaca what was converted less the withdrawals. Its state is in memory; a restart reads all.
/// </summary>
internal sealed class FollowFlows(IHttpClientFactory clients, TimeProvider clock, ILogger<FollowFlows> logger)
    : IDisposable
{
    public const string ClientName = "api";

    private const int MostLooks = 5;

    private readonly FlowReader<Deposit> _deposits = new("/api/v1/deposits", FlowJson.Default.FlowListDeposit);
    private readonly FlowReader<Conversion> _conversions =
        new("/api/v1/conversions", FlowJson.Default.FlowListConversion);
    private readonly FlowReader<Withdrawal> _withdrawals =
        new("/api/v1/withdrawals", FlowJson.Default.FlowListWithdrawal);

    private readonly Dictionary<string, Holding> _usdc = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Holding> _usd = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _turn = new(1);

    private volatile Followed? _followed;
    private volatile string? _error;

    /// <summary>What was read last; null until the flows could be read once.</summary>
    public Followed? Last => _followed;

    /// <summary>Why the last try to read failed; null when it did not.</summary>
    public string? Error => _error;

    /// <summary>
    /// Reads what was completed, so that a balance asked for now is of now. It may fail, and says so.
    /// </summary>
    public async Task ReadAsync(CancellationToken cancel)
    {
        var asked = clock.GetUtcNow();
        await _turn.WaitAsync(cancel);
        try
        {
            // Whoever waited while another read began after it asked has what it needs.
            if (_followed is null || _followed.Circle.AsOf < asked)
            {
                await ReadNowAsync(cancel);
            }
        }
        catch (Exception e) when (e is HttpRequestException or JsonException
            || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            if (_error is null)
            {
                logger.LogWarning("The flows cannot be read: {Reason}", e.Message);
            }

            _error = e.Message;
            if (e is HttpRequestException { StatusCode: HttpStatusCode.BadRequest })
            {
                // The list does not know where this one had come to: the database is another one than before.
                Forget();
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();

    // Until a look at all lists brings nothing new: what was read is then of one moment, and a conversion is not seen
    // without the deposit that came before it. A list that moves all the time is taken as it is.
    private async Task ReadNowAsync(CancellationToken cancel)
    {
        using var api = clients.CreateClient(ClientName);
        DateTimeOffset asOf;
        var looks = 0;
        do
        {
            asOf = clock.GetUtcNow();
        }
        while (await LookAsync(api, cancel) && ++looks < MostLooks);

        _followed = new Followed(new Holdings([.. _usdc.Values], asOf), new Holdings([.. _usd.Values], asOf));
        _error = null;
    }

    // Each list is added as soon as it was read whole, for its reader remembers it as read.
    private async Task<bool> LookAsync(HttpClient api, CancellationToken cancel)
    {
        var deposits = await _deposits.ReadNewAsync(api, cancel);
        foreach (var flow in deposits)
        {
            Add(_usdc, flow.AccountId, flow.Amount, flow.CreatedAt);
        }

        var conversions = await _conversions.ReadNewAsync(api, cancel);
        foreach (var flow in conversions)
        {
            Add(_usdc, flow.AccountId, -flow.UsdcAmount, flow.CreatedAt);
            Add(_usd, flow.AccountId, flow.UsdAmount, flow.CreatedAt);
        }

        var withdrawals = await _withdrawals.ReadNewAsync(api, cancel);
        foreach (var flow in withdrawals)
        {
            Add(_usd, flow.AccountId, -flow.Amount, flow.CreatedAt);
        }

        return deposits.Count + conversions.Count + withdrawals.Count > 0;
    }

    private void Forget()
    {
        _deposits.Forget();
        _conversions.Forget();
        _withdrawals.Forget();
        _usdc.Clear();
        _usd.Clear();
    }

    private static void Add(
        Dictionary<string, Holding> holdings, string user, decimal amount, DateTimeOffset at) =>
        holdings[user] = holdings.TryGetValue(user, out var held)
            ? held with { Amount = held.Amount + amount, Since = held.Since < at ? held.Since : at }
            : new Holding(user, amount, at);
}

/// <summary>What the providers hold by the flows, undisturbed.</summary>
internal sealed record Followed(Holdings Circle, Holdings Alpaca);

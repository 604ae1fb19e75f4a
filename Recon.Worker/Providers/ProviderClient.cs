using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Payments.Ledger.Providers;
using Polly;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace Recon.Worker.Providers;

/// <summary>
/// GET requests to one provider under its <see cref="ProviderPipeline"/>. Every way in which they fail becomes one
/// sentence that holds neither credentials nor what the provider sent.
/// </summary>
internal sealed class ProviderClient : IDisposable
{
    // A thousand accounts with all that can be known of their holders are a few megabytes.
    private const int LargestAnswer = 16 * 1024 * 1024;

    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(5);

    private readonly Provider _provider;
    private readonly ProviderOptions _options;
    private readonly TimeProvider _clock;
    private readonly ResiliencePipeline<HttpResponseMessage> _pipeline;
    private readonly HttpClient _http;

    /// <remarks>
    /// Not from the factory, whose clients carry the policy of calls between services; and without redirects, since
    /// the credentials are for this address alone.
    /// </remarks>
    public ProviderClient(
        Provider provider,
        string? baseUrl,
        AuthenticationHeaderValue credentials,
        ProviderOptions options,
        TimeProvider clock)
    {
        _provider = provider;
        _options = options;
        _clock = clock;
        _pipeline = ProviderPipeline.Build(options, clock);
        var sockets = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            PooledConnectionLifetime = ConnectionLifetime,
        };
        _http = new HttpClient(sockets)
        {
            BaseAddress = string.IsNullOrWhiteSpace(baseUrl) ? null : new Uri(baseUrl.TrimEnd('/') + '/'),
            MaxResponseContentBufferSize = LargestAnswer,
            Timeout = Timeout.InfiniteTimeSpan,
        };
        _http.DefaultRequestHeaders.Authorization = credentials;
        _http.DefaultRequestHeaders.Accept.ParseAdd("application/json");
        _http.DefaultRequestHeaders.UserAgent.ParseAdd("Payments-Reconciliation");
    }

    /// <summary>Runs a reading of many requests within the time that all of them may take.</summary>
    public async Task<T> WithinTotalTimeAsync<T>(Func<CancellationToken, Task<T>> read, CancellationToken cancel)
    {
        using var limit = new CancellationTokenSource(_options.TotalTimeout, _clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancel, limit.Token);
        try
        {
            return await read(both.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            throw Failed($"could not be read within {_options.TotalTimeout.TotalSeconds:0.###} seconds.");
        }
    }

    /// <param name="address">Relative to the provider's base address.</param>
    public async Task<ProviderAnswer<T>> GetAsync<T>(string address, JsonTypeInfo<T> type, CancellationToken cancel)
        where T : class
    {
        var sent = _clock.GetUtcNow();
        using var answer = await SendAsync(address, cancel);
        if (!answer.IsSuccessStatusCode)
        {
            throw Failed(Refusal(answer));
        }

        try
        {
            var body = await answer.Content.ReadAsByteArrayAsync(cancel);
            var value = JsonSerializer.Deserialize(body, type) ?? throw new JsonException("It is null.");
            var link = answer.Headers.TryGetValues("Link", out var links) ? string.Join(", ", links) : null;
            return new ProviderAnswer<T>(value, AsOf(answer, sent), link);
        }
        catch (JsonException e)
        {
            throw Failed("answered what is not the documented JSON.", e);
        }
    }

    /// <summary>What is wrong with the provider, as the exception that says so.</summary>
    public ProviderFailedException Failed(FormattableString what, Exception? inner = null) =>
        Failed(FormattableString.Invariant(what), inner);

    public void Dispose() => _http.Dispose();

    private ProviderFailedException Failed(string what, Exception? inner = null) =>
        new($"{_provider.Title} {what}", inner);

    private async Task<HttpResponseMessage> SendAsync(string address, CancellationToken cancel)
    {
        try
        {
            // The body belongs to the try: it is read within its time limit, and one that breaks off is tried again.
            return await _pipeline.ExecuteAsync(
                static async (state, cancel) =>
                    await state._http.GetAsync(state.address, HttpCompletionOption.ResponseContentRead, cancel),
                (_http, address),
                cancel);
        }
        catch (BrokenCircuitException e)
        {
            throw Failed($"failed again and again and is left alone for a moment.", e);
        }
        catch (TimeoutRejectedException e)
        {
            throw Failed($"did not answer within {_options.AttemptTimeout.TotalSeconds:0.###} seconds.", e);
        }
        catch (HttpRequestException e)
        {
            throw Failed($"cannot be reached, or its answer broke off ({e.HttpRequestError}).", e);
        }
    }

    private string Refusal(HttpResponseMessage answer)
    {
        var status = FormattableString.Invariant($"{(int)answer.StatusCode}");
        return answer.StatusCode switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => $"refused the credentials ({status}).",
            HttpStatusCode.TooManyRequests when ProviderPipeline.AskedWait(answer, _clock) is { } wait =>
                FormattableString.Invariant($"asks to wait {wait.TotalSeconds:0} seconds ({status})."),
            _ => $"answered {status} to GET {answer.RequestMessage?.RequestUri?.AbsolutePath}.",
        };
    }

    // The age of an answer as RFC 9111 computes it (section 4.2.3): a cache says how old it is, and what was made
    // before it was asked for is as old as it says.
    private static DateTimeOffset AsOf(HttpResponseMessage answer, DateTimeOffset sent)
    {
        var asOf = sent - (answer.Headers.Age ?? TimeSpan.Zero);
        return answer.Headers.Date is { } made && made < asOf ? made : asOf;
    }
}

/// <param name="AsOf">The moment of which the answer is, as far as it can be told.</param>
/// <param name="Link">The header of that name.</param>
internal sealed record ProviderAnswer<T>(T Value, DateTimeOffset AsOf, string? Link);

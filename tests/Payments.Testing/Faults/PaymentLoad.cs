using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Payments.Testing.Faults;

/// <summary>
/// A client that pays at a steady rate and never gives up on a payment: what is not answered is sent again under the
/// same key, as every client of the API may. Amounts and accounts follow from the seed; every twentieth payment or so
/// ends in .13, is zero or is negative, so that each rule has its share.
/// </summary>
/// <param name="client">Reaches the API; its timeout is that of one try.</param>
/// <param name="name">Part of every key and account, so that two loads on one database stay apart.</param>
/// <param name="perSecond">Payments to be sent in a second, evenly.</param>
/// <param name="seed">Two loads of one seed send the same payments.</param>
public sealed class PaymentLoad(HttpClient client, string name, int perSecond, int seed)
{
    private const int Accounts = 100;

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan RetryLimit = TimeSpan.FromMinutes(2);

    private readonly Random _random = new(seed);
    private readonly ConcurrentDictionary<string, Guid> _accepted = new(StringComparer.Ordinal);
    private int _retries;

    /// <summary>The payment that each key stands for, as the API answered.</summary>
    public IReadOnlyDictionary<string, Guid> Accepted => _accepted;

    /// <summary>How many requests were sent again.</summary>
    public int Retries => _retries;

    /// <summary>Pays until the token ends it, then waits until everything sent is answered.</summary>
    /// <exception cref="HttpRequestException">The API refused a payment, or did not answer one for minutes.</exception>
    public async Task RunAsync(CancellationToken until)
    {
        var open = new List<Task>();
        var started = TimeProvider.System.GetTimestamp();
        using var timer = new PeriodicTimer(Tick);

        while (!until.IsCancellationRequested)
        {
            var due = (int)(TimeProvider.System.GetElapsedTime(started).TotalSeconds * perSecond);

            for (; open.Count < due; open.Add(PayAsync(open.Count)))
            {
            }

            await timer.WaitForNextTickAsync(CancellationToken.None);
        }

        await Task.WhenAll(open);
    }

    private async Task PayAsync(int number)
    {
        var key = FormattableString.Invariant($"{name}-{number}");
        var payment = new { accountId = $"{name}-{_random.Next(Accounts)}", amount = Amount(), description = key };
        var started = TimeProvider.System.GetTimestamp();

        while (true)
        {
            if (await TryAsync(key, payment) is { } id)
            {
                _accepted[key] = id;
                return;
            }

            if (TimeProvider.System.GetElapsedTime(started) > RetryLimit)
            {
                throw new HttpRequestException($"Payment {key} got no answer for {RetryLimit.TotalMinutes} minutes.");
            }

            Interlocked.Increment(ref _retries);
            await Task.Delay(RetryDelay);
        }
    }

    /// <returns>Null when the answer was lost, or says to try again.</returns>
    private async Task<Guid?> TryAsync(string key, object payment)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/payments", UriKind.Relative))
        {
            Headers = { { "Idempotency-Key", key } },
            Content = JsonContent.Create(payment),
        };

        try
        {
            using var answer = await client.SendAsync(request);
            var body = await answer.Content.ReadAsStringAsync();

            return answer.StatusCode switch
            {
                HttpStatusCode.Created or HttpStatusCode.OK => IdOf(body),
                HttpStatusCode.Conflict or HttpStatusCode.TooManyRequests => null,
                >= HttpStatusCode.InternalServerError => null,
                _ => throw new InvalidOperationException($"Payment {key} was refused, {answer.StatusCode}: {body}"),
            };
        }
        catch (Exception e) when (e is HttpRequestException or IOException or TaskCanceledException)
        {
            return null;
        }
    }

    private static Guid IdOf(string body)
    {
        using var payment = JsonDocument.Parse(body);
        return payment.RootElement.GetProperty("id").GetGuid();
    }

    private string Amount()
    {
        var minor = _random.Next(20) switch
        {
            0 => _random.Next(3) switch { 0 => 0, 1 => -_random.Next(1, 10_000), _ => (_random.Next(100) * 100) + 13 },
            _ => _random.Next(1, 100_000),
        };
        return (minor / 100m).ToString("0.00", CultureInfo.InvariantCulture);
    }
}

using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using Payments.Ledger.Webhooks;

namespace Recon.Worker.Webhooks;

/// <summary>What became of one attempt.</summary>
/// <param name="StatusCode">Null when there was no answer.</param>
/// <param name="Answer">The beginning of the answer's body.</param>
/// <param name="Error">Why it failed, in a sentence; null when it succeeded.</param>
/// <param name="Pause">How long the target asks to be left alone.</param>
internal sealed record WebhookAnswer(int? StatusCode, string? Answer, string? Error, TimeSpan? Pause)
{
    public bool Succeeded => Error is null;

    /// <summary>The target says that it will never be there again.</summary>
    public bool IsGone => StatusCode == 410;
}

/// <summary>Signs and sends one message, once. Success is an answer 2xx in time; a redirect is a failure.</summary>
internal sealed class SendWebhook(HttpClient http, WebhookOptions options, TimeProvider clock)
{
    private const int MostKept = 1_024;

    public async Task<WebhookAnswer> ExecuteAsync(
        string url, string messageId, string payload, IReadOnlyList<byte[]> secrets, CancellationToken cancel)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(options.TimeoutSeconds), clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, timeout.Token);
        using var request = RequestOf(url, messageId, payload, secrets);
        try
        {
            using var response = await http.SendAsync(
                request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            var body = await ReadBeginningAsync(response, either.Token, cancel);
            var status = (int)response.StatusCode;
            return response.IsSuccessStatusCode
                ? new WebhookAnswer(status, body, Error: null, Pause: null)
                : new WebhookAnswer(
                    status, body, FormattableString.Invariant($"The answer was {status}."),
                    WebhookSchedule.PauseOf(status, response.Headers.RetryAfter, clock.GetUtcNow()));
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            return Failed(FormattableString.Invariant($"No answer within {options.TimeoutSeconds} seconds."));
        }
        catch (OperationCanceledException e) when (!cancel.IsCancellationRequested)
        {
            return Failed("No connection: " + (e.InnerException?.Message ?? e.Message));
        }
        catch (Exception e) when (e is HttpRequestException or IOException or NotSupportedException)
        {
            return Failed("No connection: " + (e.InnerException?.Message ?? e.Message));
        }
    }

    private HttpRequestMessage RequestOf(
        string url, string messageId, string payload, IReadOnlyList<byte[]> secrets)
    {
        var body = Encoding.UTF8.GetBytes(payload);
        var seconds = clock.GetUtcNow().ToUnixTimeSeconds();
        var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("Payments-Webhooks", "1.0"));
        request.Headers.Add("webhook-id", messageId);
        request.Headers.Add("webhook-timestamp", seconds.ToString(CultureInfo.InvariantCulture));
        request.Headers.TryAddWithoutValidation(
            "webhook-signature", WebhookSignature.Of(messageId, seconds, body, secrets));
        return request;
    }

    private static WebhookAnswer Failed(string error) => new(StatusCode: null, Answer: null, error, Pause: null);

    // However much a target answers, however slowly, and whether it comes to an end: so much is read, and the status
    // that came before it counts.
    private static async Task<string> ReadBeginningAsync(
        HttpResponseMessage response, CancellationToken timeoutOrCancel, CancellationToken cancel)
    {
        var buffer = new byte[MostKept];
        var length = 0;
        try
        {
            await using var stream = await response.Content.ReadAsStreamAsync(timeoutOrCancel);
            while (length < buffer.Length
                && await stream.ReadAsync(buffer.AsMemory(length), timeoutOrCancel) is var read and > 0)
            {
                length += read;
            }
        }
        catch (Exception e) when (
            e is IOException or HttpRequestException
            || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            // Then this is its beginning.
        }

        // A text of the database has no NUL.
        return Encoding.UTF8.GetString(buffer, 0, length).Replace("\0", "", StringComparison.Ordinal);
    }
}

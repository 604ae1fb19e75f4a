using System.Globalization;
using System.Net.Mime;
using System.Text;
using System.Text.Json;
using Payments.Api.Idempotency;

namespace Payments.Api.Validation;

/// <summary>Asks the running API as any client would, once: what it answers is what is seen.</summary>
internal sealed class ApiClient(HttpClient http)
{
    public async Task<ApiAnswer> CreatePaymentAsync(string body, string key, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/payments")
        {
            Content = new StringContent(body, Encoding.UTF8, MediaTypeNames.Application.Json),
            Headers = { { IdempotencyKey.Header, key } },
        };
        return await SendAsync(request, cancel);
    }

    public async Task<ApiAnswer> GetAsync(string path, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        return await SendAsync(request, cancel);
    }

    private async Task<ApiAnswer> SendAsync(HttpRequestMessage request, CancellationToken cancel)
    {
        using var response = await http.SendAsync(request, cancel);
        return new ApiAnswer(
            $"{request.Method} {request.RequestUri!.AbsolutePath}",
            (int)response.StatusCode,
            response.Headers.Location?.OriginalString,
            response.Headers.TryGetValues("Idempotent-Replayed", out var replayed) ? string.Join(", ", replayed) : null,
            await response.Content.ReadAsStringAsync(cancel));
    }
}

/// <summary>An answer of the API, as it was sent.</summary>
/// <param name="Request">Method and path of what was asked.</param>
/// <param name="Replayed">The header Idempotent-Replayed.</param>
internal sealed record ApiAnswer(string Request, int Status, string? Location, string? Replayed, string Body)
{
    // More of a page that something else than the API answers would not help.
    private const int LongestExcerpt = 200;

    public static ApiAnswer None { get; } = new("", 0, null, null, "");

    /// <exception cref="JsonException">The body is something else.</exception>
    public JsonElement Json => JsonDocument.Parse(Body).RootElement;

    /// <summary>Null when the status is the expected one, else what the API says about it.</summary>
    public Finding.Failed? Unless(int expected) => Status == expected
        ? null
        : new(
            string.Create(CultureInfo.InvariantCulture, $"{expected} to {Request}"),
            string.Create(CultureInfo.InvariantCulture, $"{Status}: {Excerpt()}"),
            Status switch
            {
                401 => "The API does not know the caller (401): set Validate:ApiKey to a key that is valid there.",
                403 => "The API key may not do this (403): it needs the scopes payments:write and payments:read.",
                404 => "The API does not find what it has just been given, or something else answers at this address.",
                503 => "The API is not ready: see its log and GET /health.",
                _ => "The API answers otherwise than it promises: its log has more.",
            });

    private string Excerpt()
    {
        var line = Body.ReplaceLineEndings(" ");
        return line.Length <= LongestExcerpt ? line : line[..LongestExcerpt] + "...";
    }
}

internal static class JsonMembers
{
    /// <summary>Looks a member up; also of what is no object, which has none.</summary>
    public static bool TryGetMember(this JsonElement json, string name, out JsonElement member)
    {
        member = default;
        return json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out member);
    }
}

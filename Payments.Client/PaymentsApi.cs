using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Payments.Client;

/// <summary>A call that had no answer, or one that could not be read.</summary>
public sealed record FailedCall(HttpMethod Method, Uri? Address, Exception Error);

/// <summary>
/// The API's operations, one method each. A refusal or a failure is a <see cref="Problem"/>; only cancellation throws.
/// </summary>
/// <param name="http">Has the API's address as its base, and presents the key.</param>
/// <param name="onFailedCall">Told of calls without a readable answer, which are problems to the caller.</param>
public sealed partial class PaymentsApi(HttpClient http, Action<FailedCall>? onFailedCall = null)
{
    private const string KeyHeader = "Idempotency-Key";

    /// <summary>
    /// How long a call may take, unless it is one that checks much, which may take <see cref="LongPatience"/>. Null: as
    /// long as the client lets it. A client that is to wait for longer than its own limit needs one that is infinite.
    /// </summary>
    public TimeSpan? Patience { get; init; }

    /// <summary>What the API itself gives to the reconciliation of a large account.</summary>
    public TimeSpan LongPatience { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>How requests are written and answers read.</summary>
    public static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web)
    {
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
        Converters = { new JsonNumberEnumConverter<HttpStatusCode>(), new UtcTime() },
        TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { SnakeCaseAttribute.Apply } },
    };

    private Task<Answer<T>> GetAsync<T>(string address, CancellationToken cancel) where T : class =>
        SendAsync(() => new(HttpMethod.Get, address), response => ReadAsync<T>(response, cancel), cancel);

    private Task<Answer<T>> PostAsync<T>(string address, object? body, CancellationToken cancel) where T : class =>
        PostAsync<T>(address, body, default(RequestKey?), cancel);

    private Task<Answer<T>> PostAsync<T>(
        string address, object? body, RequestKey? key, CancellationToken cancel, bool isLong = false)
        where T : class =>
        SendAsync(() => Post(address, body, key), response => ReadAsync<T>(response, cancel), cancel, isLong);

    private static HttpRequestMessage Post(string address, object? body, RequestKey? key)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, address)
        {
            Content = body is null ? null : JsonContent.Create(body, options: Json),
        };
        if (key is { } name)
        {
            request.Headers.Add(KeyHeader, name.Quoted);
        }

        return request;
    }

    private Task<Answer<T>> SendAsync<T>(
        Func<HttpRequestMessage> create, Func<HttpResponseMessage, Task<T>> readAsync, CancellationToken cancel,
        bool isLong = false)
        where T : class =>
        AskAsync<T>(
            create, HttpCompletionOption.ResponseContentRead,
            async response =>
            {
                using (response)
                {
                    return response.IsSuccessStatusCode
                        ? await readAsync(response)
                        : await ReadProblemAsync(response, cancel);
                }
            },
            cancel,
            isLong);

    private async Task<Answer<T>> AskAsync<T>(
        Func<HttpRequestMessage> create, HttpCompletionOption completion,
        Func<HttpResponseMessage, Task<Answer<T>>> readAsync, CancellationToken cancel, bool isLong = false)
        where T : class
    {
        using var request = create();
        using var limit = LimitOf(isLong, cancel);

        try
        {
            return await readAsync(await http.SendAsync(request, completion, limit.Token));
        }
        catch (Exception error) when (
            error is HttpRequestException or IOException
            || (error is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            onFailedCall?.Invoke(new FailedCall(request.Method, request.RequestUri, error));
            return new Problem(
                "No answer",
                "The payments service could not be reached, or did not answer in time.",
                Code: "unreachable",
                TraceId: Activity.Current?.TraceId.ToString());
        }
        catch (JsonException error)
        {
            onFailedCall?.Invoke(new FailedCall(request.Method, request.RequestUri, error));
            return new Problem(
                "Unreadable answer",
                "The payments service answered in a form that is not understood here.",
                Code: "unreadable_answer",
                TraceId: Activity.Current?.TraceId.ToString());
        }
    }

    private CancellationTokenSource LimitOf(bool isLong, CancellationToken cancel)
    {
        var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        if (Patience is { } patience)
        {
            limit.CancelAfter(isLong ? LongPatience : patience);
        }

        return limit;
    }

    // Its body comes while it is read, so the answer is left to whoever reads it.
    private Task<Answer<FileDownload>> DownloadAsync(string address, string mediaType, CancellationToken cancel) =>
        AskAsync<FileDownload>(
            () => new(HttpMethod.Get, address)
            {
                Headers = { Accept = { new MediaTypeWithQualityHeaderValue(mediaType) } },
            },
            HttpCompletionOption.ResponseHeadersRead,
            async response =>
            {
                if (response.IsSuccessStatusCode)
                {
                    return new FileDownload(response);
                }

                using (response)
                {
                    return await ReadProblemAsync(response, cancel);
                }
            },
            cancel);

    private static async Task<T> ReadAsync<T>(HttpResponseMessage response, CancellationToken cancel) =>
        await response.Content.ReadFromJsonAsync<T>(Json, cancel)
            ?? throw new JsonException("The body is null.");

    private static bool IsReplayed(HttpResponseMessage response) => response.Headers.Contains("Idempotent-Replayed");

    // Anything that is not problem+json (a proxy's error page, an empty body) is reported by its status alone.
    private static async Task<Problem> ReadProblemAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        var bare = new Problem(
            response.ReasonPhrase,
            $"The payments service answered {(int)response.StatusCode} {response.ReasonPhrase}.",
            response.StatusCode,
            TraceId: Activity.Current?.TraceId.ToString())
        {
            RetryAfter = response.Headers.RetryAfter?.Delta,
        };

        if (response.Content.Headers.ContentType?.MediaType != "application/problem+json")
        {
            return bare;
        }

        try
        {
            var problem = await response.Content.ReadFromJsonAsync<Problem>(Json, cancel);
            return problem is null ? bare : problem with
            {
                Status = response.StatusCode,
                RetryAfter = bare.RetryAfter,
            };
        }
        catch (JsonException)
        {
            return bare;
        }
    }

    private static string Address(
        string path, Cursor cursor, int limit, params ReadOnlySpan<(string Name, string? Value)> filters) =>
        Address(path,
        [
            .. filters,
            ("limit", limit.ToString(CultureInfo.InvariantCulture)),
            ("starting_after", cursor.After),
            ("ending_before", cursor.Before),
        ]);

    /// <summary>The path with those parameters that have a value.</summary>
    private static string Address(string path, params ReadOnlySpan<(string Name, string? Value)> parameters)
    {
        var address = new StringBuilder(path);
        var separator = '?';
        foreach (var (name, value) in parameters)
        {
            if (!string.IsNullOrEmpty(value))
            {
                address.Append(separator).Append(name).Append('=').Append(Uri.EscapeDataString(value));
                separator = '&';
            }
        }

        return address.ToString();
    }

    private static string Segment(string text) => Uri.EscapeDataString(text);

    private static string? Text(DateTimeOffset? time) =>
        time?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);
}

/// <summary>Times as the API writes them: in UTC, with a Z.</summary>
internal sealed class UtcTime : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetDateTimeOffset();

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.UtcDateTime);
}

using System.Text;
using System.Text.Json;
using Xunit;

namespace Payments.Testing.OpenApi;

/// <summary>
/// Holds every answer against the document that the same server serves: whatever a test is about, an answer that is not
/// as documented fails it.
/// </summary>
public sealed class CheckedAnswers(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    // One process serves one document, however many servers the tests start in it.
    private static readonly SemaphoreSlim Turn = new(1);
    private static ApiDocument? _document;

    // What the document does not describe: itself, and the page that shows it.
    private static readonly string[] Exempt = ["/openapi/", "/docs"];

    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken);
        var path = request.RequestUri!.AbsolutePath;
        if (Exempt.Any(exempt => path.StartsWith(exempt, StringComparison.Ordinal)))
        {
            return response;
        }

        var document = await DocumentAsync(request.RequestUri, cancellationToken);
        var mediaType = response.Content.Headers.ContentType?.MediaType;
        var body = mediaType?.EndsWith("json", StringComparison.Ordinal) == true
            ? await BodyAsync(response, cancellationToken)
            : (ReadOnlyMemory<byte>?)null;
        var status = (int)response.StatusCode;
        var faults = document.Check(request.Method.Method, path, status, mediaType, body);
        Assert.True(
            faults.Count == 0,
            $"{request.Method} {path} is answered {status}, and not as documented:\n{string.Join('\n', faults)}\n"
            + (body is { } bytes ? Encoding.UTF8.GetString(bytes.Span) : ""));

        return response;
    }

    private async Task<ApiDocument> DocumentAsync(Uri anyAddress, CancellationToken cancel)
    {
        await Turn.WaitAsync(cancel);
        try
        {
            if (_document is null)
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(anyAddress, "/openapi/v1.json"));
                using var answer = await base.SendAsync(request, cancel);
                answer.EnsureSuccessStatusCode();
                _document = new ApiDocument(
                    JsonElement.Parse(await answer.Content.ReadAsByteArrayAsync(cancel)));
            }

            return _document;
        }
        finally
        {
            Turn.Release();
        }
    }

    private static async Task<ReadOnlyMemory<byte>> BodyAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        await response.Content.LoadIntoBufferAsync(cancel);
        return await response.Content.ReadAsByteArrayAsync(cancel);
    }
}

using System.Net.Http.Headers;

namespace Payments.Client;

/// <summary>A file of the API, whose content comes while it is read.</summary>
public sealed class FileDownload : IDisposable
{
    private readonly HttpResponseMessage _response;

    internal FileDownload(HttpResponseMessage response) => _response = response;

    /// <summary>What the API calls the file.</summary>
    public string? Name => _response.Content.Headers.ContentDisposition?.FileName?.Trim('"');

    /// <summary>What the API says of the content.</summary>
    public HttpContentHeaders Headers => _response.Content.Headers;

    public string? MediaType => _response.Content.Headers.ContentType?.MediaType;

    public Task<Stream> OpenAsync(CancellationToken cancel) => _response.Content.ReadAsStreamAsync(cancel);

    public void Dispose() => _response.Dispose();
}

using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using Aspire.Hosting.Dashboard;
using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;

namespace Aspire.Hosting.Local.Tests.Dashboard;

/// <summary>Speaks to an application's resource service as the dashboard does: gRPC over HTTP/2 in the clear.</summary>
internal sealed class ResourceServiceClient : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false })
    {
        DefaultRequestVersion = HttpVersion.Version20,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    private ResourceServiceClient(string url, string key)
    {
        _http.BaseAddress = new(url);
        _http.DefaultRequestHeaders.Add("x-resource-service-api-key", key);
    }

    /// <summary>Starts the service of an application that has not been started, and connects to it.</summary>
    public static async Task<ResourceServiceClient> StartAsync(
        DistributedApplication application, string? key = null)
    {
        var service = application.Services.GetRequiredService<ResourceService>();
        await service.StartAsync(TestContext.Current.CancellationToken);
        var options = application.Services.GetRequiredService<DashboardOptions>();
        return new(options.ResourceServiceUrl, key ?? options.ResourceServiceKey);
    }

    public void Dispose() => _http.Dispose();

    /// <summary>A call with one answer.</summary>
    public async Task<T> CallAsync<T>(string method, IMessage request)
        where T : IMessage<T>, new()
    {
        await foreach (var answer in StreamAsync<T>(method, request))
        {
            return answer;
        }

        throw new InvalidOperationException($"{method} answered nothing.");
    }

    /// <summary>The answers of a call, for as long as one reads.</summary>
    public async IAsyncEnumerable<T> StreamAsync<T>(
        string method, IMessage request, [EnumeratorCancellation] CancellationToken cancel = default)
        where T : IMessage<T>, new()
    {
        using var response = await SendAsync(method, request);
        await using var body = await response.Content.ReadAsStreamAsync(cancel);
        var prefix = new byte[5];

        while (await body.ReadAtLeastAsync(prefix, prefix.Length, throwOnEndOfStream: false, cancel) == prefix.Length)
        {
            var bytes = new byte[BinaryPrimitives.ReadUInt32BigEndian(prefix.AsSpan(1))];
            await body.ReadExactlyAsync(bytes, cancel);
            var answer = new T();
            answer.MergeFrom(bytes);
            yield return answer;
        }
    }

    /// <summary>The status of a call that is answered with nothing else.</summary>
    public async Task<string> StatusAsync(string method, IMessage request)
    {
        using var response = await SendAsync(method, request);
        await response.Content.LoadIntoBufferAsync(TestContext.Current.CancellationToken);
        var headers = response.TrailingHeaders.Contains("grpc-status") ? response.TrailingHeaders : response.Headers;
        return headers.GetValues("grpc-status").Single();
    }

    private async Task<HttpResponseMessage> SendAsync(string method, IMessage request)
    {
        var frame = new byte[5 + request.CalculateSize()];
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), (uint)(frame.Length - 5));
        request.WriteTo(frame.AsSpan(5));
        using var message = new HttpRequestMessage(HttpMethod.Post, $"aspire.v1.DashboardService/{method}")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(frame)
            {
                Headers = { ContentType = new MediaTypeHeaderValue("application/grpc") },
            },
        };
        return await _http.SendAsync(
            message, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
    }
}

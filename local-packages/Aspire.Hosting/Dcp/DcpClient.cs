using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using YamlDotNet.RepresentationModel;

namespace Aspire.Hosting.Dcp;

/// <summary>The orchestrator's interface: objects as in Kubernetes, JSON over HTTPS on the loopback.</summary>
internal sealed class DcpClient : IDisposable
{
    private const string Api = "apis/usvc-dev.developer.microsoft.com/v1/";
    private const string MergePatch = "application/merge-patch+json";

    // What it is asked to change it changes later; it only has to take note.
    private static readonly TimeSpan PatchTimeLimit = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan DeletionPollDelay = TimeSpan.FromMilliseconds(50);

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    private readonly HttpClient _http;

    private DcpClient(Uri server, X509Certificate2 authority, string token)
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            SslOptions = new SslClientAuthenticationOptions
            {
                CertificateChainPolicy = new X509ChainPolicy
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust,
                    CustomTrustStore = { authority },
                    RevocationMode = X509RevocationMode.NoCheck,
                },
            },
        };
        _http = new(handler) { BaseAddress = server, Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    /// <summary>Reads the address and token that the orchestrator writes once it listens; false before.</summary>
    public static bool TryRead(string kubeconfig, [NotNullWhen(true)] out DcpClient? client)
    {
        client = null;

        if (!File.Exists(kubeconfig))
        {
            return false;
        }

        try
        {
            using var text = File.OpenText(kubeconfig);
            var yaml = new YamlStream();
            yaml.Load(text);
            var config = yaml.Documents[0].RootNode;
            var cluster = config["clusters"][0]["cluster"];
            var authority = X509CertificateLoader.LoadCertificate(Decode(cluster["certificate-authority-data"]));
            client = new(new(cluster["server"] + "/"), authority, $"{config["users"][0]["user"]["token"]}");
            return true;
        }
        // Half written: the next look finds the rest.
        catch (Exception e) when (e is ArgumentException or KeyNotFoundException or FormatException
            or YamlDotNet.Core.YamlException)
        {
            return false;
        }
    }

    public async Task<DcpObject<TSpec, TStatus>> CreateAsync<TSpec, TStatus>(
        string kind, DcpObject<TSpec, TStatus> item, CancellationToken cancel)
    {
        using var response = await _http.PostAsJsonAsync($"{Api}{kind}", item, Json, cancel);
        return await ReadAsync<DcpObject<TSpec, TStatus>>(response, cancel);
    }

    public async Task<IReadOnlyList<DcpObject<TSpec, TStatus>>> ListAsync<TSpec, TStatus>(
        string kind, CancellationToken cancel)
    {
        using var response = await _http.GetAsync($"{Api}{kind}", cancel);
        return (await ReadAsync<DcpList<TSpec, TStatus>>(response, cancel)).Items;
    }

    /// <summary>Returns when the object is gone, also when there was none.</summary>
    public async Task DeleteAsync(string kind, string name, CancellationToken cancel)
    {
        var path = $"{Api}{kind}/{name}";
        using var deletion = await _http.DeleteAsync(path, cancel);

        while (true)
        {
            using var response = await _http.GetAsync(path, cancel);

            if (response.StatusCode == HttpStatusCode.NotFound)
            {
                return;
            }

            await Task.Delay(DeletionPollDelay, cancel);
        }
    }

    /// <returns>False when there is no such object.</returns>
    /// <exception cref="TimeoutException">The orchestrator does not answer.</exception>
    public Task<bool> PatchAsync(string kind, string name, object patch, CancellationToken cancel) =>
        PatchAsync($"{Api}{kind}/{name}", patch, cancel);

    /// <summary>The present objects, then every change, until the token ends it.</summary>
    public async IAsyncEnumerable<DcpEvent<TSpec, TStatus>> WatchAsync<TSpec, TStatus>(
        string kind, [EnumeratorCancellation] CancellationToken cancel)
    {
        await using var stream = await _http.GetStreamAsync($"{Api}{kind}?watch=true", cancel);
        using var lines = new StreamReader(stream);

        while (await lines.ReadLineAsync(cancel) is { } line)
        {
            yield return JsonSerializer.Deserialize<DcpEvent<TSpec, TStatus>>(line, Json)!;
        }
    }

    /// <summary>A process's output so far; with <paramref name="follow"/>, also what is still to come.</summary>
    public Task<Stream> ReadLogAsync(string executable, string source, bool follow, CancellationToken cancel) =>
        _http.GetStreamAsync(
            $"{Api}executables/{executable}/log?source={source}&follow={(follow ? "true" : "false")}&timestamps=true",
            cancel);

    /// <summary>The last lines that a process has written, without their times; it must have ended.</summary>
    public async Task<IReadOnlyList<string>> ReadLastLinesAsync(
        string executable, string source, int count, CancellationToken cancel)
    {
        // Followed, the log ends only when all that the process wrote has been read.
        await using var log = await _http.GetStreamAsync(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{Api}executables/{executable}/log?source={source}&follow=true&tail={count}"),
            cancel);
        using var reader = new StreamReader(log);
        return (await reader.ReadToEndAsync(cancel)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    public Task StopServerAsync(CancellationToken cancel) =>
        PatchAsync("admin/execution", new { status = "Stopping" }, cancel);

    public async Task<bool> AnswersAsync(CancellationToken cancel)
    {
        try
        {
            using var response = await _http.GetAsync("admin/execution", cancel);
            return true;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<bool> PatchAsync(string path, object patch, CancellationToken cancel)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limited.CancelAfter(PatchTimeLimit);

        try
        {
            return await SendPatchAsync(path, patch, limited.Token);
        }
        catch (OperationCanceledException e) when (!cancel.IsCancellationRequested)
        {
            throw new TimeoutException("Aspire's orchestrator does not answer.", e);
        }
    }

    private async Task<bool> SendPatchAsync(string path, object patch, CancellationToken cancel)
    {
        // The orchestrator refuses a content type with a charset.
        using var content = JsonContent.Create(patch, new MediaTypeHeaderValue(MergePatch), Json);
        using var response = await _http.PatchAsync(path, content, cancel);

        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            return false;
        }

        await EnsureSuccessAsync(response, cancel);
        return true;
    }

    private static async Task<T> ReadAsync<T>(HttpResponseMessage response, CancellationToken cancel)
    {
        await EnsureSuccessAsync(response, cancel);
        return (await response.Content.ReadFromJsonAsync<T>(Json, cancel))!;
    }

    private static async Task EnsureSuccessAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        if (!response.IsSuccessStatusCode)
        {
            throw new DistributedApplicationException(
                $"The orchestrator refused: {await response.Content.ReadAsStringAsync(cancel)}");
        }
    }

    private static byte[] Decode(YamlNode certificate)
    {
        var bytes = Convert.FromBase64String($"{certificate}");
        return X509Certificate2.CreateFromPem(Encoding.ASCII.GetString(bytes)).RawData;
    }
}

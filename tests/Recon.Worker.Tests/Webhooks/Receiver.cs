using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Recon.Worker.Tests.Webhooks;

/// <summary>A target of webhooks: a real listener that keeps what it gets, and answers as the test says.</summary>
internal sealed class Receiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly SemaphoreSlim _arrived = new(0);

    private Receiver(WebApplication app) => _app = app;

    public string Url => _app.Urls.Single() + "/alerts";

    public ConcurrentQueue<Received> All { get; } = [];

    /// <summary>What is answered; 204 at first.</summary>
    public Func<HttpContext, Task> Answer { get; set; } = context => Status(context, 204);

    public static async Task<Receiver> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var receiver = new Receiver(builder.Build());
        receiver._app.Run(receiver.ReceiveAsync);
        await receiver._app.StartAsync();
        return receiver;
    }

    public static Task Status(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        return Task.CompletedTask;
    }

    /// <summary>Waits until one more has arrived than were waited for before.</summary>
    public async Task<Received> NextAsync()
    {
        Assert.True(
            await _arrived.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken),
            "Nothing arrived.");
        return All.Last();
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _arrived.Dispose();
    }

    private async Task ReceiveAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body, Encoding.UTF8);
        var body = await reader.ReadToEndAsync();
        var headers = context.Request.Headers.ToDictionary(
            header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase);
        All.Enqueue(new Received(headers, body));
        _arrived.Release();
        await Answer(context);
    }
}

/// <summary>One request, and the verification of its signature as a receiver would write it.</summary>
internal sealed record Received(IReadOnlyDictionary<string, string> Headers, string Body)
{
    public string Id => Headers["webhook-id"];

    public int Signatures => Headers["webhook-signature"].Split(' ').Length;

    public bool IsSignedWith(string secret)
    {
        var key = Convert.FromBase64String(secret["whsec_".Length..]);
        var time = Headers["webhook-timestamp"];
        var age = DateTimeOffset.FromUnixTimeSeconds(long.Parse(time, CultureInfo.InvariantCulture))
            - TimeProvider.System.GetUtcNow();
        using var mac = new HMACSHA256(key);
        var expected = mac.ComputeHash(Encoding.UTF8.GetBytes(Id + "." + time + "." + Body));
        return Math.Abs(age.TotalSeconds) < 300 && Headers["webhook-signature"].Split(' ').Any(signature =>
            signature.StartsWith("v1,", StringComparison.Ordinal)
            && CryptographicOperations.FixedTimeEquals(Convert.FromBase64String(signature[3..]), expected));
    }
}

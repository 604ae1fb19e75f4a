using System.Collections.Concurrent;
using System.Net;
using System.Text;

namespace Payments.Web.Tests;

/// <summary>The API as an outside party: answers each path as the script says, and records what it was sent.</summary>
internal sealed class FakeApi : HttpMessageHandler
{
    private readonly ConcurrentDictionary<string, Func<Task<HttpResponseMessage>>> _answers = new();

    public ConcurrentQueue<(HttpRequestMessage Request, string Body)> Received { get; } = [];

    public PaymentsApi Client() =>
        new(new HttpClient(this) { BaseAddress = new Uri("http://api") });

    /// <summary>The client that gives up after this time.</summary>
    public PaymentsApi Client(TimeSpan patience) =>
        new(new HttpClient(this) { BaseAddress = new Uri("http://api"), Timeout = Timeout.InfiniteTimeSpan })
        {
            Patience = patience,
        };

    public FakeApi Answers(string path, string json, HttpStatusCode status = HttpStatusCode.OK)
    {
        _answers[path] = () => Task.FromResult(Response(json, status));
        return this;
    }

    /// <summary>The path answers with a payment's creation; a replay says so in a header.</summary>
    public FakeApi Creates(string json, bool replayed = false)
    {
        _answers["/payments"] = () =>
        {
            var response = Response(json, HttpStatusCode.Created);

            if (replayed)
            {
                response.Headers.Add("Idempotent-Replayed", "true");
            }

            return Task.FromResult(response);
        };
        return this;
    }

    public FakeApi IsUnreachableAt(string path)
    {
        _answers[path] = () => Task.FromException<HttpResponseMessage>(new HttpRequestException("refused"));
        return this;
    }

    /// <summary>The path answers only when the returned action is called.</summary>
    public Action<string> HoldsBack(string path)
    {
        var held = new TaskCompletionSource<HttpResponseMessage>(TaskCreationOptions.RunContinuationsAsynchronously);
        _answers[path] = () => held.Task;
        return json => held.SetResult(Response(json, HttpStatusCode.OK));
    }

    /// <summary>What was sent to a path to change something, and under which key; empty: none.</summary>
    public List<(string Key, string Body)> SentTo(string path) =>
    [
        .. Received
            .Where(one => one.Request.Method != HttpMethod.Get && one.Request.RequestUri!.AbsolutePath == path)
            .Select(one => (KeyOf(one.Request), one.Body)),
    ];

    /// <summary>The keys of all that was sent to change something.</summary>
    public HashSet<string> Keys() =>
        [.. Received.Where(one => one.Request.Method != HttpMethod.Get).Select(one => KeyOf(one.Request))];

    /// <summary>It was sent twice, the second time as the first: under the same key.</summary>
    public void ShouldHaveSentTwiceTheSameTo(string path)
    {
        var sent = SentTo(path);
        Assert.Equal(2, sent.Count);
        Assert.NotEqual("", sent[0].Key);
        Assert.Equal(sent[0], sent[1]);
    }

    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var body = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken);
        Received.Enqueue((request, body));
        return await _answers[request.RequestUri!.AbsolutePath]().WaitAsync(cancellationToken);
    }

    private static string KeyOf(HttpRequestMessage request) =>
        request.Headers.TryGetValues("Idempotency-Key", out var values) ? values.Single() : "";

    private static HttpResponseMessage Response(string json, HttpStatusCode status) => new(status)
    {
        Content = new StringContent(
            json, Encoding.UTF8, status < HttpStatusCode.BadRequest ? "application/json" : "application/problem+json"),
    };
}

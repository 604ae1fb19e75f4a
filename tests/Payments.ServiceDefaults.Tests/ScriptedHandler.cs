using System.Net;

namespace Payments.ServiceDefaults.Tests;

/// <summary>Stands for the network: records what is sent, and answers as the script says, then 200.</summary>
internal sealed class ScriptedHandler(params HttpStatusCode[] answers) : HttpMessageHandler
{
    private readonly Queue<HttpStatusCode> _answers = new(answers);

    public List<Uri?> Sent { get; } = [];

    public int? RetryAfterSeconds { get; init; }

    protected override Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Sent.Add(request.RequestUri);
        var status = _answers.TryDequeue(out var scripted) ? scripted : HttpStatusCode.OK;
        var response = new HttpResponseMessage(status) { RequestMessage = request };

        if (RetryAfterSeconds is { } seconds)
        {
            response.Headers.RetryAfter = new(TimeSpan.FromSeconds(seconds));
        }

        return Task.FromResult(response);
    }
}

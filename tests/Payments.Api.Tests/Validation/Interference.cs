using System.Text;
using System.Text.Json.Nodes;

namespace Payments.Api.Tests.Validation;

/// <summary>Stands between the validation and the API, and lets a test act before and after each request.</summary>
internal sealed class Interference : DelegatingHandler
{
    private int _creations;

    public Interference() => InnerHandler = new SocketsHttpHandler();

    /// <summary>
    /// Called with a request's name: <c>create</c>, <c>replay</c>, <c>other</c>, <c>payment</c> or <c>balance</c>.
    /// </summary>
    public Func<string, HttpRequestMessage, Task> Before { get; init; } = (_, _) => Task.CompletedTask;

    public Func<string, HttpResponseMessage, Task> After { get; init; } = (_, _) => Task.CompletedTask;

    /// <summary>Sets a member of an answer to a raw JSON value.</summary>
    public static async Task SetAsync(HttpResponseMessage response, string member, string value)
    {
        var json = JsonNode.Parse(await response.Content.ReadAsStringAsync())!.AsObject();
        json[member] = JsonNode.Parse(value);
        response.Content = new StringContent(json.ToJsonString(), Encoding.UTF8, "application/json");
    }

    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var name = NameOf(request);
        await Before(name, request);
        var response = await base.SendAsync(request, cancellationToken);
        await After(name, response);
        return response;
    }

    private string NameOf(HttpRequestMessage request) => request.Method == HttpMethod.Post
        ? _creations++ switch { 0 => "create", 1 => "replay", _ => "other" }
        : request.RequestUri!.AbsolutePath.EndsWith("/balance", StringComparison.Ordinal) ? "balance" : "payment";
}

using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Payments.Api.Idempotency;

/// <summary>
/// An answer that is final: a repetition of its request gets the same status and body, byte for byte.
/// </summary>
internal sealed record FinishedAnswer(int Status, byte[] Body, string? Location = null) : IResult
{
    public const string ReplayedHeader = "Idempotent-Replayed";

    public static FinishedAnswer Of<T>(int status, T value, JsonTypeInfo<T> type, string? location = null) =>
        new(status, JsonSerializer.SerializeToUtf8Bytes(value, type), location);

    /// <summary>A refusal that no repetition could change.</summary>
    public static FinishedAnswer Of(HttpContext context, Problem problem) =>
        Of(problem.Type.Status, problem.BodyFor(context), ApiJson.Default.ProblemBody);

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = Status;
        response.ContentType = Status < StatusCodes.Status400BadRequest
            ? "application/json; charset=utf-8"
            : "application/problem+json";
        response.ContentLength = Body.Length;
        if (Location is not null)
        {
            response.Headers.Location = Location;
        }

        await response.Body.WriteAsync(Body, httpContext.RequestAborted);
    }

    /// <summary>The same answer, marked as one that was given before.</summary>
    public IResult Replayed() => new Replay(this);

    private sealed record Replay(FinishedAnswer Answer) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.Headers[ReplayedHeader] = "true";
            return Answer.ExecuteAsync(httpContext);
        }
    }
}

/// <summary>A key that is taken: by which request, and how that was answered.</summary>
internal sealed record TakenKey(byte[] Fingerprint, FinishedAnswer Answer);

using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Text.Json.Serialization;

namespace Payments.Client;

/// <summary>The API's value, or the problem it stated; never both.</summary>
public readonly record struct Answer<T>(T? Value, Problem? Problem) where T : class
{
    public static implicit operator Answer<T>(T value) => new(value, null);

    public static implicit operator Answer<T>(Problem problem) => new(null, problem);

    /// <summary>For who has nothing to say to a problem.</summary>
    /// <exception cref="ProblemException">There is no value.</exception>
    public T ValueOrThrow() => Value ?? throw new ProblemException(Problem ?? new Problem());
}

/// <summary>A problem as an exception, where a value was demanded.</summary>
[SuppressMessage("Design", "CA1032", Justification = "Without a problem it says nothing.")]
public sealed class ProblemException(Problem problem) : Exception(problem.Message)
{
    public Problem Problem { get; } = problem;
}

/// <summary>Why a call had no value: a problem of the API (RFC 9457), or the lack of any answer from it.</summary>
public sealed record Problem(
    string? Title = null,
    string? Detail = null,
    HttpStatusCode? Status = null,
    string? Code = null,
    string? TraceId = null,
    IReadOnlyList<FieldError>? Errors = null,
    string? Type = null,
    string? Instance = null)
{
    [JsonIgnore]
    public bool IsNotFound => Status == HttpStatusCode.NotFound;

    /// <summary>
    /// True when the request may have been carried out all the same: no answer came, or the answer says that the
    /// server failed or is still at work on the same request.
    /// </summary>
    [JsonIgnore]
    public bool IsOutcomeUnknown =>
        Status is null or >= HttpStatusCode.InternalServerError
        || (Status == HttpStatusCode.Conflict && Code is "idempotency_key_in_use");

    /// <summary>What to tell a person: the detail, or the title where there is none.</summary>
    [JsonIgnore]
    public string Message => Detail ?? Title ?? "The request failed.";

    /// <summary>How long to wait before the same is sent again, where the API says so.</summary>
    [JsonIgnore]
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>What is wrong with one member of the body, as the API names it (<c>amount</c>), or null.</summary>
    public string? ErrorOf(string member) =>
        Errors?.FirstOrDefault(error => error.Member == "#/" + member || error.Member == "#/transaction/" + member)
            ?.Detail;
}

/// <summary>
/// What is wrong with one member of a request's body, named by JSON Pointer (<c>#/amount</c>), or with one parameter.
/// </summary>
public sealed record FieldError(
    string Detail,
    [property: JsonPropertyName("pointer")]
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    string? Member = null,
    string? Code = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Parameter = null);

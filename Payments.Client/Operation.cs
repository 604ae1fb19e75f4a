namespace Payments.Client;

/// <summary>
/// The operation of the API that a method serves, as its OpenAPI document names it. A test holds all of them against
/// the document, in both directions.
/// </summary>
/// <param name="answers">What the method reads of each documented answer that succeeds, by status.</param>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class OperationAttribute(string method, string path, params Type[] answers) : Attribute
{
    public string Method { get; } = method;

    public string Path { get; } = path;

    public IReadOnlyList<Type> Answers { get; } = answers;

    /// <summary>The same operation under the API's other root.</summary>
    public string? Also { get; init; }

    /// <summary>Which of the documented media types it asks for.</summary>
    public string MediaType { get; init; } = "application/json";
}

using Microsoft.OpenApi;

namespace Payments.Api.Describing;

/// <summary>
/// A part of an operation that its route writes itself. The framework runs the transformers of a route after those of
/// the document, which would not see it.
/// </summary>
internal sealed record OperationPart(Action<OpenApiOperation> Write);

/// <summary>One answer of a route in JSON.</summary>
internal sealed record AnswerExample(int Status, Type Type, object Value);

/// <summary>One answer of a route that is text.</summary>
internal sealed record TextExample(int Status, string MediaType, string Text);

internal sealed record BodyExample(string Json);

/// <param name="Statuses">The answers that have it; none: all that succeed.</param>
internal sealed record AnswerHeader(string Name, string Description, IReadOnlyList<int> Statuses);

internal sealed record ProblemAnswers(IReadOnlyList<ProblemType> Types);

internal sealed record NamedParameter(string Name, ParameterDescription Description);

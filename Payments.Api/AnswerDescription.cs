using Payments.Api.Describing;

namespace Payments.Api;

/// <summary>
/// What a route answers, said beside it: each answer by an example, each refusal by its type. The OpenAPI document is
/// made of that.
/// </summary>
internal static class AnswerDescription
{
    /// <summary>An answer with a body, of which the example shows everything that it can have.</summary>
    public static RouteHandlerBuilder Answers<T>(
        this RouteHandlerBuilder route, T example, int status = StatusCodes.Status200OK)
        where T : notnull =>
        route.Produces<T>(status).WithMetadata(new AnswerExample(status, typeof(T), example));

    /// <summary>The same answer as a file, for who asks for one.</summary>
    public static RouteHandlerBuilder AnswersCsv(this RouteHandlerBuilder route, string example) =>
        route.AnswersText(example, "text/csv");

    public static RouteHandlerBuilder AnswersText(
        this RouteHandlerBuilder route, string example, string mediaType = "text/plain") =>
        route.WithMetadata(new TextExample(StatusCodes.Status200OK, mediaType, example));

    /// <summary>
    /// The refusals of a route that its key, parameters, body and policy do not tell already: those come with
    /// <c>RequireAuthorization</c> and the <c>Describes...</c> of <see cref="OpenApiDescription"/>.
    /// </summary>
    public static RouteHandlerBuilder ProducesProblems(this RouteHandlerBuilder route, params ProblemType[] types) =>
        route.WithMetadata(new ProblemAnswers(types));

    /// <summary>A body that the route accepts, as a client would write it.</summary>
    public static RouteHandlerBuilder WithBodyExample(this RouteHandlerBuilder route, string json) =>
        route.WithMetadata(new BodyExample(json));

    /// <summary>A header that an answer carries.</summary>
    public static RouteHandlerBuilder AnswersHeader(
        this RouteHandlerBuilder route, string name, string description, params int[] statuses) =>
        route.WithMetadata(new AnswerHeader(name, description, statuses));

    /// <summary>
    /// Tells of a parameter what <see cref="ParameterDescriptions"/> does not, or what it means otherwise here.
    /// </summary>
    public static RouteHandlerBuilder DescribesParameter(
        this RouteHandlerBuilder route, string name, string description, string example,
        IReadOnlyList<string>? words = null) =>
        route.WithMetadata(new NamedParameter(name, new ParameterDescription(description, example, words)));
}

using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Diagnostics;
using Npgsql;

namespace Payments.Api;

/// <summary>A refusal as it is sent: RFC 9457 with a stable code and the trace id of the request.</summary>
/// <param name="Detail">What is wrong with this request; says nothing about the inside of the system.</param>
/// <param name="RetryAfterSeconds">Sent as Retry-After.</param>
internal sealed record Problem(
    ProblemType Type, string Detail, IReadOnlyList<ProblemError>? Errors = null, int? RetryAfterSeconds = null)
    : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = Type.Status;
        response.Headers.Link = $"<{Type.Uri}>; rel=\"describedby\"";
        if (RetryAfterSeconds is { } seconds)
        {
            response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        var request = httpContext.Request;
        if (Type.Status == StatusCodes.Status413PayloadTooLarge && HttpProtocol.IsHttp11(request.Protocol))
        {
            // The rest of the body is not read, so the connection cannot carry another request.
            response.Headers.Connection = "close";
        }

        return JsonAnswer.WriteAsync(
            httpContext, BodyFor(httpContext), ApiJson.Default.ProblemBody, "application/problem+json");
    }

    public ProblemBody BodyFor(HttpContext context) => new(
        Type.Uri,
        Type.Title,
        Type.Status,
        Detail,
        context.Request.PathBase.Add(context.Request.Path).ToUriComponent(),
        Type.Code,
        Activity.Current?.TraceId.ToHexString() ?? context.TraceIdentifier,
        Errors);
}

/// <summary>One fault of a request. Of a body it has a pointer, of a query string a parameter.</summary>
/// <param name="Pointer">JSON pointer in fragment form, such as <c>#/amount</c>.</param>
internal sealed record ProblemError(
    string Detail,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Pointer,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Parameter,
    string Code)
{
    public static ProblemError At(string pointer, string code, string detail) => new(detail, pointer, null, code);

    public static ProblemError Of(string parameter, string code, string detail) => new(detail, null, parameter, code);
}

internal sealed record ProblemBody(
    string Type, string Title, int Status, string Detail, string Instance, string Code, string TraceId,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<ProblemError>? Errors);

/// <summary>The problems of the framework and of failures, in the same shape as our own.</summary>
internal static class Problems
{
    public const int OutageRetrySeconds = 2;

    public static Problem DatabaseUnavailable { get; } = new(
        ProblemTypes.DatabaseUnavailable, "The database did not answer. Try again with the same idempotency key.",
        RetryAfterSeconds: OutageRetrySeconds);

    public static Problem PaymentNotFound { get; } = new(ProblemTypes.PaymentNotFound, "No payment has this id.");

    public static Problem TransactionNotFound { get; } =
        new(ProblemTypes.TransactionNotFound, "No transaction has this id or key.");

    public static Problem InvalidParameters(params IReadOnlyList<ProblemError> errors) =>
        new(ProblemTypes.InvalidRequest, "The query string is not valid.", errors);

    public static IApplicationBuilder UseProblems(this IApplicationBuilder app)
    {
        // Outside Development binding answers a malformed request with a bare 400, in Development it throws: both
        // ways end in the same problem here, so a test run proves production.
        app.UseExceptionHandler(new ExceptionHandlerOptions
        {
            ExceptionHandler = context =>
                ForException(context.Features.Get<IExceptionHandlerFeature>()!.Error).ExecuteAsync(context),
            SuppressDiagnosticsCallback = context => ForException(context.Exception).Type.Status < 500,
        });
        return app.UseStatusCodePages(context =>
            ForStatus(context.HttpContext.Response.StatusCode) is { } problem
                ? problem.ExecuteAsync(context.HttpContext)
                : Task.CompletedTask);
    }

    /// <summary>Serves the page behind each problem's type.</summary>
    public static void MapProblems(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/problems/{name}", Describe)
            .AllowAnonymous().WithTags("Problems").WithName("DescribeProblem")
            .WithSummary("What a type of problem means and what to do about it")
            .AnswersText(TextOf(ProblemTypes.PaymentNotFound))
            .ProducesProblems(ProblemTypes.NotFound);
    }

    /// <summary>Whether the database could not be reached, is going down, or cannot be written to just now.</summary>
    public static bool IsOutage(Exception error) => error switch
    {
        PostgresException { SqlState: PostgresErrorCodes.ReadOnlySqlTransaction } => true,
        NpgsqlException e => e.IsTransient,
        TimeoutException => true,
        _ => false,
    };

    private static Problem ForException(Exception error) => error switch
    {
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } =>
            ForStatus(StatusCodes.Status413PayloadTooLarge)!,
        BadHttpRequestException => ForStatus(StatusCodes.Status400BadRequest)!,
        _ when IsOutage(error) => DatabaseUnavailable,
        _ => ForStatus(StatusCodes.Status500InternalServerError)!,
    };

    private static Problem? ForStatus(int status) => status switch
    {
        404 => new(ProblemTypes.NotFound, "Nothing has this address."),
        405 => new(ProblemTypes.MethodNotAllowed, "The resource does not have this method."),
        413 => new(ProblemTypes.BodyTooLarge, "The body is larger than 16 KiB."),
        415 => new(ProblemTypes.UnsupportedMediaType, "The Content-Type must be application/json."),
        >= 500 => new(ProblemTypes.InternalError, "The request failed. The trace id finds it in the logs."),
        >= 400 => new(ProblemTypes.BadRequest, "The request could not be read."),
        _ => null,
    };

    private static IResult Describe(string name) =>
        ProblemTypes.All.FirstOrDefault(type => type.Name == name) is { } type
            ? TypedResults.Text(TextOf(type))
            : ForStatus(StatusCodes.Status404NotFound)!;

    private static string TextOf(ProblemType type) =>
        $"{type.Code} ({type.Status})\n{type.Title}\n\n{type.Documentation}\n";
}

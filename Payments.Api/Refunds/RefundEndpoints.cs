using System.Diagnostics.CodeAnalysis;
using Payments.Api.Describing;
using Payments.Api.Idempotency;
using Payments.Api.Keys;
using Payments.Api.Paging;

namespace Payments.Api.Refunds;

internal static class RefundEndpoints
{
    public static void AddRefunds(this IServiceCollection services)
    {
        services.AddSingleton<RefundKeys>();
        services.AddSingleton<CreateRefund>();
        services.AddSingleton<ListRefunds>();
        services.AddSingleton<GetRefund>();
    }

    public static void MapRefunds(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("").WithTags("Refunds");

        group.MapPost("/payments/{id}/refunds", CreateAsync)
            .RequireAuthorization(Scopes.PaymentsWrite)
            .WithName("CreateRefund")
            .WithSummary("Gives back all that is left of a payment, or a part of it")
            .DescribesRefund(keyInBody: false)
            .WithBodyExample(RefundExamples.Create)
            .Answers(RefundExamples.Created, StatusCodes.Status201Created)
            .AnswersHeader("Location", "Address of the refund", StatusCodes.Status201Created)
            .ProducesProblems(
                ProblemTypes.PaymentNotFound, ProblemTypes.PaymentNotRefundable, ProblemTypes.RefundExceedsRemaining);

        group.MapPost("/api/v1/transactions/{id}/refund", CreateForTransactionAsync)
            .RequireAuthorization(Scopes.PaymentsWrite)
            .WithName("RefundTransaction")
            .WithSummary("The same, with the idempotency key in the body or in the header")
            .DescribesRefund(keyInBody: true)
            .WithBodyExample(RefundExamples.CreateWithKey)
            .Answers(RefundExamples.Created, StatusCodes.Status201Created)
            .AnswersHeader("Location", "Address of the refund", StatusCodes.Status201Created)
            .ProducesProblems(
                ProblemTypes.PaymentNotFound, ProblemTypes.PaymentNotRefundable, ProblemTypes.RefundExceedsRemaining);

        group.MapGet("/payments/{id}/refunds", ListAsync)
            .RequireAuthorization(Scopes.PaymentsRead)
            .WithName("ListRefunds").WithSummary("Refunds of a payment, newest first")
            .DescribesPage()
            .Answers(Examples.ListOf($"/payments/{Examples.PaymentId}/refunds", RefundExamples.Succeeded))
            .ProducesProblems(ProblemTypes.PaymentNotFound);

        group.MapGet("/payments/{id}/refunds/{refundId}", GetOfPaymentAsync)
            .RequireAuthorization(Scopes.PaymentsRead)
            .WithName("GetRefundOfPayment").WithSummary("A refund of a payment")
            .Answers(RefundExamples.Succeeded)
            .ProducesProblems(ProblemTypes.RefundNotFound);

        group.MapGet("/refunds/{id}", GetAsync)
            .RequireAuthorization(Scopes.PaymentsRead)
            .WithName("GetRefund").WithSummary("A refund")
            .DescribesParameter("id", "Id of the refund", $"{Examples.RefundId}")
            .Answers(RefundExamples.Succeeded)
            .ProducesProblems(ProblemTypes.RefundNotFound);
    }

    private static async Task<IResult> CreateAsync(
        string id, HttpContext context, Idempotent idempotent, RefundKeys keys, CreateRefund createRefund)
    {
        if (!TryParseId(id, out var paymentId))
        {
            return Problems.PaymentNotFound;
        }

        // The key before the body: a request without one is answered so, whatever else is wrong with it.
        if (IdempotencyKey.Read(context.Request.Headers[IdempotencyKey.Header], out var key) is { } wrongKey)
        {
            return wrongKey;
        }

        var (problem, request) = await ReadAsync(context, CreateRefundParser.Parse);
        return problem is not null
            ? problem
            : await RecordAsync(
                context, idempotent, keys, createRefund, paymentId, $"/payments/{paymentId}/refunds", key, request!);
    }

    private static async Task<IResult> CreateForTransactionAsync(
        string id, HttpContext context, Idempotent idempotent, RefundKeys keys, CreateRefund createRefund)
    {
        if (!TryParseId(id, out var paymentId))
        {
            return Problems.PaymentNotFound;
        }

        var (problem, request) = await ReadAsync(context, CreateRefundParser.ParseWithKey);
        if (problem is not null)
        {
            return problem;
        }

        var header = context.Request.Headers[IdempotencyKey.Header];
        return IdempotencyKey.Read(header, request!.IdempotencyKey, out var key) is { } wrongKey
            ? wrongKey
            : await RecordAsync(
                context, idempotent, keys, createRefund, paymentId, $"/api/v1/transactions/{paymentId}/refund", key,
                request);
    }

    private static Task<IResult> RecordAsync(
        HttpContext context, Idempotent idempotent, RefundKeys keys, CreateRefund createRefund, Guid paymentId,
        string path, string key, CreateRefundRequest request)
    {
        var idempotentRequest = Idempotent.KeyOf(context, key, request.FingerprintAt(path));
        return idempotent.RunAsync(context, idempotentRequest, keys, (transaction, cancel) =>
            createRefund.ExecuteAsync(
                paymentId, request, idempotentRequest, Caller.Of(context).Actor, transaction, cancel));
    }

    // All members are optional, so the body is too.
    private static async ValueTask<(Problem? Problem, CreateRefundRequest? Request)> ReadAsync(
        HttpContext context, RequestBody.Parser<CreateRefundRequest> parse) =>
        RequestBody.IsAbsent(context) ? (null, CreateRefundRequest.OfAll)
        : RequestBody.RefuseMediaType(context.Request) is { } wrongType ? (wrongType, null)
        : await RequestBody.ReadAsync(context, parse);

    private static async Task<IResult> ListAsync(string id, HttpContext context, ListRefunds listRefunds)
    {
        var query = new PageQuery(context.Request);
        if (query.Check() is { } wrongQuery)
        {
            return wrongQuery;
        }

        if (!TryParseId(id, out var paymentId))
        {
            return Problems.PaymentNotFound;
        }

        if (!query.TryGetCursor(out var cursor))
        {
            return ListRefunds.UnknownCursor;
        }

        var (problem, rows) = await listRefunds.ExecuteAsync(paymentId, cursor, query, context.RequestAborted);
        return problem is not null
            ? problem
            : JsonAnswer.Of(
                Page.Of(context, query, rows, row => row.ToAnswer(), refund => refund.Id.ToString()),
                ApiJson.Default.ListAnswerRefundAnswer);
    }

    private static Task<IResult> GetOfPaymentAsync(
        string id, string refundId, GetRefund getRefund, CancellationToken cancel) =>
        TryParseId(id, out var paymentId)
            ? FindAsync(refundId, paymentId, getRefund, cancel)
            : Task.FromResult(NotFound);

    private static Task<IResult> GetAsync(string id, GetRefund getRefund, CancellationToken cancel) =>
        FindAsync(id, paymentId: null, getRefund, cancel);

    private static async Task<IResult> FindAsync(
        string id, Guid? paymentId, GetRefund getRefund, CancellationToken cancel) =>
        TryParseId(id, out var refundId) && await getRefund.ExecuteAsync(refundId, paymentId, cancel) is { } refund
            ? JsonAnswer.Of(refund.ToAnswer(), ApiJson.Default.RefundAnswer)
            : NotFound;

    private static IResult NotFound { get; } = new Problem(ProblemTypes.RefundNotFound, "No refund has this id.");

    private static bool TryParseId([NotNullWhen(true)] string? text, out Guid id) =>
        Guid.TryParseExact(text, "D", out id);
}

using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Http.Features;
using Payments.Api.Idempotency;
using Payments.Api.Keys;
using Payments.Api.Paging;
using Payments.Api.Payments;

namespace Payments.Api.Transfers;

/// <summary>Transfers between two named accounts, accepted at once and settled behind the answer.</summary>
internal static class TransferEndpoints
{
    private const string StatusPath = "/transactions/status/";
    private const int RetryAfterSeconds = 1;

    public static void AddTransfers(this IServiceCollection services)
    {
        services.AddSingleton<FindTransfer>();
        services.AddSingleton<VerifyDoubleEntry>();
    }

    public static void MapTransfers(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/v1/transactions").WithTags("Transactions");

        group.MapPost("", CreateAsync)
            .RequireAuthorization(Scopes.PaymentsWrite)
            .WithName("CreateTransaction")
            .WithSummary("Accepts a transfer between two accounts; a repetition is answered with what became of it")
            .DescribesCreateTransfer()
            .Answers(TransferExamples.Accepted, StatusCodes.Status202Accepted)
            .Answers(TransferExamples.Ended)
            .AnswersHeader("Location", "Where to ask what became of it", StatusCodes.Status202Accepted)
            .AnswersHeader("Retry-After", "Seconds after which to ask", StatusCodes.Status202Accepted)
            .ProducesProblems(ProblemTypes.Overloaded);

        group.MapGet("/status/{**key}", StatusAsync)
            .RequireAuthorization(Scopes.PaymentsRead)
            .WithName("GetTransactionStatus")
            .WithSummary("What became of the transfer with this idempotency key; Prefer: wait=N waits for its end")
            .DescribesQuery("idempotencyKey")
            .Answers(TransferExamples.Ended)
            .Answers(TransferExamples.Processing, StatusCodes.Status202Accepted)
            .Produces(StatusCodes.Status304NotModified)
            .AnswersHeader("ETag", "Names this answer; sent back as If-None-Match, it is answered with 304")
            .AnswersHeader("Retry-After", "Seconds after which to ask again", StatusCodes.Status202Accepted)
            .ProducesProblems(ProblemTypes.TransactionNotFound);

        group.MapGet("/{id}", GetAsync)
            .RequireAuthorization(Scopes.PaymentsRead)
            .WithName("GetTransaction").WithSummary("A transaction with its job, its result and its ledger entries")
            .Answers(TransferExamples.Details)
            .ProducesProblems(ProblemTypes.TransactionNotFound);

        group.MapPost("/{id}/cancel", CancelAsync)
            .RequireAuthorization(Scopes.PaymentsWrite)
            .WithName("CancelTransaction")
            .WithSummary("Takes a transaction from the queue, as long as no worker has claimed it")
            .DescribesKey()
            .Answers(TransferExamples.Cancelled)
            .ProducesProblems(ProblemTypes.TransactionNotFound, ProblemTypes.PaymentNotCancellable);

        group.MapPost("/{id}/verify-double-entry", VerifyAsync)
            .RequireAuthorization(Scopes.PaymentsRead)
            .WithName("VerifyDoubleEntry").WithSummary("Checks the transaction's entries in the books")
            .Answers(TransferExamples.Verified)
            .ProducesProblems(ProblemTypes.TransactionNotFound);
    }

    private static async Task<IResult> CreateAsync(
        HttpContext context, PaymentIntake intake, FindTransfer findTransfer, FinishedAnswers finished,
        TimeProvider clock)
    {
        if (RequestBody.RefuseMediaType(context.Request) is { } wrongType)
        {
            return wrongType;
        }

        var (problem, request) = await RequestBody.ReadAsync<CreateTransferRequest>(
            context, CreateTransferParser.Parse);
        problem ??= IdempotencyKey.Read(
            context.Request.Headers[IdempotencyKey.Header], request!.IdempotencyKey, out _);
        if (problem is not null)
        {
            return problem;
        }

        var ownerId = Caller.Of(context).Key.OwnerId;
        var transfer = NewPayment.From(request!, ownerId, clock.GetUtcNow(), Activity.Current);
        switch (await intake.AddAsync(transfer))
        {
            case IntakeResult.Replayed:
                context.Response.Headers[FinishedAnswer.ReplayedHeader] = "true";
                finished.CountReplay();
                var row = await findTransfer.ExecuteAsync(ownerId, transfer.IdempotencyKey, context.RequestAborted);
                return JsonAnswer.Of(
                    TransferStatusAnswer.Of(transfer.IdempotencyKey, row!), ApiJson.Default.TransferStatusAnswer);
            case IntakeResult.Failed failed:
                throw new InvalidOperationException("The database refused a transfer.", failed.Error);
            case var result when ReferenceEquals(result, IntakeResult.Created):
                return await AcceptAsync(context, transfer, findTransfer);
            case var result:
                return PaymentEndpoints.Refusal(result);
        }
    }

    // Who prefers to wait gets the end at once, if it comes in time.
    private static async Task<IResult> AcceptAsync(HttpContext context, NewPayment transfer, FindTransfer findTransfer)
    {
        var headers = context.Response.Headers;
        var accepted = AcceptedAnswer.Of(transfer);
        headers.Location = accepted.PollUrl;
        if (Preferences.WaitSeconds(context.Request.Headers["Prefer"]) is { } seconds)
        {
            headers["Preference-Applied"] = string.Create(CultureInfo.InvariantCulture, $"wait={seconds}");
            var row = await findTransfer.WaitAsync(
                transfer.OwnerId, transfer.IdempotencyKey, TimeSpan.FromSeconds(seconds), context.RequestAborted);
            if (row is { Status: not "pending" })
            {
                return JsonAnswer.Of(
                    TransferStatusAnswer.Of(transfer.IdempotencyKey, row), ApiJson.Default.TransferStatusAnswer);
            }
        }

        context.Response.StatusCode = StatusCodes.Status202Accepted;
        headers.RetryAfter = RetryAfterSeconds.ToString(CultureInfo.InvariantCulture);
        return JsonAnswer.Of(accepted, ApiJson.Default.AcceptedAnswer);
    }

    private static async Task<IResult> StatusAsync(string? key, HttpContext context, FindTransfer findTransfer)
    {
        if (new QueryParameters(context.Request, "idempotencyKey").Check() is { } wrongQuery)
        {
            return wrongQuery;
        }

        key = KeyOf(context, key);
        if (!IdempotencyKey.IsValid(key))
        {
            return Problems.TransactionNotFound;
        }

        var ownerId = Caller.Of(context).Key.OwnerId;
        var wait = Preferences.WaitSeconds(context.Request.Headers["Prefer"]);
        var row = wait is { } seconds
            ? await findTransfer.WaitAsync(ownerId, key, TimeSpan.FromSeconds(seconds), context.RequestAborted)
            : await findTransfer.ExecuteAsync(ownerId, key, context.RequestAborted);
        if (row is null)
        {
            return Problems.TransactionNotFound;
        }

        var answer = TransferStatusAnswer.Of(key, row);
        var etag = string.Create(CultureInfo.InvariantCulture, $"\"{row.Id:N}.{row.Status}.{row.RefundedAmount}\"");
        var headers = context.Response.Headers;
        headers.ETag = etag;
        headers.CacheControl = "private, no-cache";
        headers.Vary = "Prefer";
        if (wait is not null)
        {
            headers["Preference-Applied"] = string.Create(CultureInfo.InvariantCulture, $"wait={wait}");
        }

        if (answer.Status == TransferStatusAnswer.Processing)
        {
            context.Response.StatusCode = StatusCodes.Status202Accepted;
            headers.RetryAfter = RetryAfterSeconds.ToString(CultureInfo.InvariantCulture);
        }

        return Preferences.IsKnown(context.Request, etag)
            ? TypedResults.StatusCode(StatusCodes.Status304NotModified)
            : JsonAnswer.Of(answer, ApiJson.Default.TransferStatusAnswer);
    }

    // The target as it was sent: in the route's value an escaped slash is left as it is, and so could not be told from
    // a percent sign that is part of the key.
    private static string KeyOf(HttpContext context, string? routed)
    {
        var sent = context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "";
        var path = sent.Split('?')[0];
        var at = path.IndexOf(StatusPath, StringComparison.OrdinalIgnoreCase);
        return at >= 0 ? Uri.UnescapeDataString(path[(at + StatusPath.Length)..])
            : routed ?? context.Request.Query["idempotencyKey"].ToString();
    }

    private static async Task<IResult> GetAsync(string id, GetPayment getPayment, CancellationToken cancel) =>
        PaymentEndpoints.TryParseId(id, out var paymentId)
        && await getPayment.ExecuteAsync(paymentId, cancel) is { } payment
            ? JsonAnswer.Of(TransactionDetails.Of(payment), ApiJson.Default.TransactionDetails)
            : Problems.TransactionNotFound;

    private static async Task<IResult> CancelAsync(
        string id, HttpContext context, Idempotent idempotent, CancelPayment cancelPayment) =>
        PaymentEndpoints.TryParseId(id, out var paymentId)
            ? await idempotent.RunAsync(context, (transaction, cancel) => cancelPayment.ExecuteAsync(
                context, paymentId, Answer, Problems.TransactionNotFound, transaction, cancel))
            : Problems.TransactionNotFound;

    private static FinishedAnswer Answer(PaymentRow payment) => FinishedAnswer.Of(
        StatusCodes.Status200OK, TransactionAnswer.Of(payment.ToAnswer()), ApiJson.Default.TransactionAnswer);

    private static async Task<IResult> VerifyAsync(string id, VerifyDoubleEntry verify, CancellationToken cancel) =>
        PaymentEndpoints.TryParseId(id, out var paymentId)
        && await verify.ExecuteAsync(paymentId, cancel) is { } verification
            ? JsonAnswer.Of(verification, ApiJson.Default.VerificationAnswer)
            : Problems.TransactionNotFound;
}

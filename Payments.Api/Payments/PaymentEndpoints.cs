using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Payments.Api.Describing;
using Payments.Api.Idempotency;
using Payments.Api.Keys;
using Payments.Api.Paging;
using Payments.Ledger;
using Payments.Ledger.Accounts;
using Payments.Ledger.Jobs;

namespace Payments.Api.Payments;

internal static class PaymentEndpoints
{
    private const string Route = "POST /payments";

    // Idle workers are woken at once; busy ones need no telling.
    private static readonly TimeSpan WakeUpPause = TimeSpan.FromMilliseconds(5);

    public static void AddPayments(this IServiceCollection services)
    {
        services.AddOptions<IntakeOptions>()
            .BindConfiguration(IntakeOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<CommitPayments>();
        services.AddNotifier(Database.JobsChannel, WakeUpPause);
        services.AddSingleton<PaymentIntake>();
        services.AddHostedService(provider => provider.GetRequiredService<PaymentIntake>());
        services.AddSingleton<CancelPayment>();
        services.AddSingleton<GetPayment>();
        services.AddSingleton<ListPayments>();
    }

    public static void MapPayments(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/payments").WithTags("Payments");

        group.MapPost("", CreateAsync)
            .RequireAuthorization(Scopes.PaymentsWrite)
            .WithName("CreatePayment")
            .WithSummary("Creates a payment; a repetition with the same key is answered alike")
            .DescribesCreatePayment()
            .Answers(PaymentExamples.Created, StatusCodes.Status201Created)
            .AnswersHeader("Location", "Address of the payment", StatusCodes.Status201Created)
            .ProducesProblems(ProblemTypes.Overloaded);

        group.MapGet("", ListAsync)
            .RequireAuthorization(Scopes.PaymentsRead)
            .WithName("ListPayments").WithSummary("Payments, newest first")
            .DescribesPage("accountId", "status")
            .DescribesParameter("status", "Status of the payments", "completed", ListPayments.Statuses)
            .Answers(Examples.ListOf("/payments", PaymentExamples.Completed));

        group.MapGet("/{id}", GetAsync)
            .RequireAuthorization(Scopes.PaymentsRead)
            .WithName("GetPayment")
            .WithSummary("A payment with its job, its result, its ledger entries and its refunds")
            .Answers(PaymentExamples.Details)
            .ProducesProblems(ProblemTypes.PaymentNotFound);

        group.MapPost("/{id}/cancel", CancelAsync)
            .RequireAuthorization(Scopes.PaymentsWrite)
            .WithName("CancelPayment")
            .WithSummary("Takes a payment or transfer from the queue, as long as no worker has claimed it")
            .DescribesKey()
            .Answers(PaymentExamples.Cancelled)
            .ProducesProblems(ProblemTypes.PaymentNotFound, ProblemTypes.PaymentNotCancellable);
    }

    private static async Task CreateAsync(
        HttpContext context, PaymentIntake intake, FinishedAnswers finished, TimeProvider clock)
    {
        if (RequestBody.RefuseMediaType(context.Request) is { } wrongType)
        {
            await wrongType.ExecuteAsync(context);
            return;
        }

        if (IdempotencyKey.Read(context.Request.Headers[IdempotencyKey.Header], out var key) is { } wrongKey)
        {
            await wrongKey.ExecuteAsync(context);
            return;
        }

        var (problem, request) = await RequestBody.ReadAsync<CreatePaymentRequest>(context, CreatePaymentParser.Parse);
        if (problem is not null)
        {
            await problem.ExecuteAsync(context);
            return;
        }

        var payment = NewPayment.From(
            request!, Caller.Of(context).Key.OwnerId, key, clock.GetUtcNow(), Activity.Current);
        var scope = new KeyScope(payment.OwnerId, Route, key);
        if (finished.Find(scope) is { } earlier)
        {
            await finished.Repeat(earlier, payment.Fingerprint).ExecuteAsync(context);
            return;
        }

        var result = await intake.AddAsync(payment);
        if (result is IntakeResult.Replayed { Original: var original })
        {
            // A new payment is not worth a place: most are never asked for again, and those that are soon are again.
            var known = new TakenKey(payment.Fingerprint, PaymentAnswer.FinishedAtCreation(original));
            finished.Remember(scope, known);
            await finished.Repeat(known, payment.Fingerprint).ExecuteAsync(context);
            return;
        }

        await AnswerAsync(context, payment, result);
    }

    private static Task AnswerAsync(HttpContext context, in NewPayment payment, IntakeResult result) => result switch
    {
        IntakeResult.Failed failed =>
            throw new InvalidOperationException("The database refused a payment.", failed.Error),
        _ when ReferenceEquals(result, IntakeResult.Created) => AnswerCreatedAsync(context, payment),
        _ => Refusal(result).ExecuteAsync(context),
    };

    /// <summary>What the intake's refusals are to a caller.</summary>
    internal static Problem Refusal(IntakeResult result) =>
        ReferenceEquals(result, IntakeResult.KeyReused) ? Idempotent.Reused
        : ReferenceEquals(result, IntakeResult.KeyInUse) ? Idempotent.InUse
        : ReferenceEquals(result, IntakeResult.Overloaded) ? new Problem(
            ProblemTypes.Overloaded, "Too many payments are waiting to be stored.", RetryAfterSeconds: 1)
        : ReferenceEquals(result, IntakeResult.Unavailable) ? Problems.DatabaseUnavailable
        : throw new UnreachableException();

    private static Task AnswerCreatedAsync(HttpContext context, in NewPayment payment)
    {
        context.Response.StatusCode = StatusCodes.Status201Created;
        context.Response.Headers.Location = "/payments/" + payment.Id;
        return JsonAnswer.WriteAsync(context, PaymentAnswer.AtCreation(payment), ApiJson.Default.PaymentAnswer);
    }

    private static async Task<IResult> ListAsync(HttpContext context, ListPayments listPayments)
    {
        var query = new PageQuery(context.Request, "accountId", "status");
        var account = query.Get("accountId");
        if (account is not null && !AccountName.IsValid(account))
        {
            query.Refuse("accountId", "invalid_account", "is not a possible name of an account");
        }

        var status = query.Get("status");
        if (status is not null && !ListPayments.Statuses.Contains(status, StringComparer.Ordinal))
        {
            query.Refuse("status", "unknown_status", "must be one of " + string.Join(", ", ListPayments.Statuses));
        }

        if (query.Check() is { } problem)
        {
            return problem;
        }

        if (!query.TryGetCursor(out var cursor))
        {
            return PageQuery.UnknownCursor("The cursor is not the id of a payment.");
        }

        return await listPayments.ExecuteAsync(account, status, cursor, query, context.RequestAborted) is { } rows
            ? JsonAnswer.Of(
                Page.Of(context, query, rows, row => row.ToAnswer(), payment => payment.Id.ToString()),
                ApiJson.Default.ListAnswerPaymentAnswer)
            : PageQuery.UnknownCursor("The cursor is not the id of a payment.");
    }

    private static async Task<IResult> GetAsync(
        string id, GetPayment getPayment, CancellationToken cancel) =>
        TryParseId(id, out var paymentId) && await getPayment.ExecuteAsync(paymentId, cancel) is { } payment
            ? JsonAnswer.Of(payment, ApiJson.Default.PaymentDetails)
            : Problems.PaymentNotFound;

    private static async Task<IResult> CancelAsync(
        string id, HttpContext context, Idempotent idempotent, CancelPayment cancelPayment) =>
        TryParseId(id, out var paymentId)
            ? await idempotent.RunAsync(context, (transaction, cancel) => cancelPayment.ExecuteAsync(
                context, paymentId, Answer, Problems.PaymentNotFound, transaction, cancel))
            : Problems.PaymentNotFound;

    private static FinishedAnswer Answer(PaymentRow payment) =>
        FinishedAnswer.Of(StatusCodes.Status200OK, payment.ToAnswer(), ApiJson.Default.PaymentAnswer);

    internal static bool TryParseId([NotNullWhen(true)] string? text, out Guid id) =>
        Guid.TryParseExact(text, "D", out id);
}

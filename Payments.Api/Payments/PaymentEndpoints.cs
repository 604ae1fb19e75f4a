using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Payments.Api.Idempotency;
using Payments.Api.Keys;
using Payments.Api.Paging;
using Payments.Ledger;
using Payments.Ledger.Accounts;
using Payments.Ledger.Jobs;

namespace Payments.Api.Payments;

internal static class PaymentEndpoints
{
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
        services.AddSingleton<GetPayment>();
        services.AddSingleton<ListPayments>();
        services.AddSingleton<CancelPayment>();
    }

    public static void MapPayments(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/payments").WithTags("Payments");

        group.MapPost("", CreateAsync)
            .RequireAuthorization(Scopes.PaymentsWrite)
            .WithName("CreatePayment")
            .WithSummary("Creates a payment; a repetition with the same key is answered alike")
            .DescribesCreatePayment()
            .Produces<PaymentAnswer>(StatusCodes.Status201Created)
            .ProducesProblems(400, 409, 413, 415, 422, 503);

        group.MapGet("", ListAsync)
            .RequireAuthorization(Scopes.PaymentsRead)
            .WithName("ListPayments").WithSummary("Payments, newest first")
            .DescribesPage("accountId", "status")
            .Produces<ListAnswer<PaymentAnswer>>()
            .ProducesProblems(400, 503);

        group.MapGet("/{id}", GetAsync)
            .RequireAuthorization(Scopes.PaymentsRead)
            .WithName("GetPayment").WithSummary("A payment with its job, its result and its ledger entries")
            .Produces<PaymentDetails>()
            .ProducesProblems(404, 503);

        group.MapPost("/{id}/cancel", CancelAsync)
            .RequireAuthorization(Scopes.PaymentsWrite)
            .WithName("CancelPayment")
            .WithSummary("Cancels a payment or transfer that no worker has claimed; again, it answers alike")
            .Produces<PaymentDetails>()
            .ProducesProblems(404, 409, 503);
    }

    private static async Task CreateAsync(HttpContext context, PaymentIntake intake, TimeProvider clock)
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
        await AnswerAsync(context, payment, await intake.AddAsync(payment));
    }

    private static Task AnswerAsync(HttpContext context, in NewPayment payment, IntakeResult result)
    {
        switch (result)
        {
            case IntakeResult.Replayed replayed:
                context.Response.Headers["Idempotent-Replayed"] = "true";
                return AnswerCreatedAsync(context, replayed.Original);
            case IntakeResult.Failed failed:
                throw new InvalidOperationException("The database refused a payment.", failed.Error);
            case var _ when ReferenceEquals(result, IntakeResult.Created):
                return AnswerCreatedAsync(context, payment);
            default:
                return Refusal(result).ExecuteAsync(context);
        }
    }

    /// <summary>What the intake's refusals are to a caller.</summary>
    internal static Problem Refusal(IntakeResult result) =>
        ReferenceEquals(result, IntakeResult.KeyReused) ? new Problem(
            ProblemTypes.IdempotencyKeyReused, "The key was used before, for a request with other values.")
        : ReferenceEquals(result, IntakeResult.KeyInUse) ? new Problem(
            ProblemTypes.IdempotencyKeyInUse, "The first request with this key has not ended yet.",
            RetryAfterSeconds: 1)
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

        Guid? cursor = null;
        if ((query.StartingAfter ?? query.EndingBefore) is { } text)
        {
            if (!TryParseId(text, out var id))
            {
                return PageQuery.UnknownCursor("The cursor is not the id of a payment.");
            }

            cursor = id;
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
        string id, CancelPayment cancelPayment, GetPayment getPayment, CancellationToken cancel)
    {
        if (!TryParseId(id, out var paymentId))
        {
            return Problems.PaymentNotFound;
        }

        return await cancelPayment.ExecuteAsync(paymentId, cancel) is { } refusal
            ? refusal
            : await GetAsync(id, getPayment, cancel);
    }

    internal static bool TryParseId([NotNullWhen(true)] string? text, out Guid id) =>
        Guid.TryParseExact(text, "D", out id);
}

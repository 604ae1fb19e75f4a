using Payments.Api.Flows;
using Payments.Api.Idempotency;
using Payments.Api.Keys;
using Payments.Ledger;

namespace Payments.Api.Withdrawals;

internal static class WithdrawalEndpoints
{
    private static readonly RequestBody.Parser<SingleAmountRequest> Parse =
        SingleAmountRequest.ParserOf(WithdrawalRow.Kind.Name, Currency.Usd);

    public static void AddWithdrawals(this IServiceCollection services)
    {
        services.AddReadFlows<WithdrawalRow>(WithdrawalRow.Sql);
        services.AddSingleton<CreateWithdrawal>();
        services.AddSingleton<EndWithdrawal>();
    }

    public static void MapWithdrawals(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup(WithdrawalRow.Kind.Path).WithTags("Withdrawals");

        var read = group.MapGroup("").RequireAuthorization(Scopes.PaymentsRead);
        read.MapGet("", WithdrawalRow.Kind.ListAsync)
            .WithName("ListWithdrawals")
            .DescribesFlows(WithdrawalRow.Kind, FlowExamples.CompletedWithdrawal);
        read.MapGet("/{id}", WithdrawalRow.Kind.GetAsync)
            .WithName("GetWithdrawal").WithSummary("A withdrawal")
            .DescribesParameter("id", "Id of the withdrawal", $"{FlowExamples.WithdrawalId}")
            .Answers(FlowExamples.CompletedWithdrawal)
            .ProducesProblems(ProblemTypes.FlowNotFound);

        var write = group.MapGroup("").RequireAuthorization(Scopes.PaymentsWrite);
        write.MapPost("", CreateAsync)
            .WithName("CreateWithdrawal").WithSummary("Reserves USD of an account, to be paid out")
            .DescribesFlow(
                ["accountId", "amount"],
                ("amount", OpenApiDescription.Amount("In USD, read exactly; greater than zero")),
                ("currency", FlowDescription.Only("USD")))
            .WithBodyExample(FlowExamples.CreateWithdrawal)
            .Answers(FlowExamples.Withdrawal, StatusCodes.Status201Created)
            .AnswersHeader("Location", "Address of the withdrawal", StatusCodes.Status201Created)
            .ProducesProblems(
                ProblemTypes.AccountNotFound, ProblemTypes.ReferenceInUse, ProblemTypes.InsufficientFunds);
        write.MapPost("/{id}/complete", CompleteAsync)
            .WithName("CompleteWithdrawal")
            .WithSummary("Posts a withdrawal that was paid out; again, it changes nothing")
            .DescribesParameter("id", "Id of the withdrawal", $"{FlowExamples.WithdrawalId}")
            .Answers(FlowExamples.CompletedWithdrawal)
            .ProducesProblems(ProblemTypes.FlowNotFound, ProblemTypes.FlowEnded);
        write.MapPost("/{id}/fail", FailAsync)
            .WithName("FailWithdrawal").WithSummary("Gives the amount back to its account; again, it changes nothing")
            .DescribesReason()
            .DescribesParameter("id", "Id of the withdrawal", $"{FlowExamples.WithdrawalId}")
            .WithBodyExample(FlowExamples.Reason)
            .Answers(FlowExamples.FailedWithdrawal)
            .ProducesProblems(ProblemTypes.FlowNotFound, ProblemTypes.FlowEnded);
    }

    private static Task<IResult> CreateAsync(HttpContext context, Idempotent idempotent, CreateWithdrawal create) =>
        idempotent.RunAsync(
            context, Parse,
            (request, transaction, cancel) =>
                create.ExecuteAsync(request, Caller.Of(context), transaction, cancel));

    private static Task<IResult> CompleteAsync(string id, HttpContext context, EndWithdrawal end) =>
        WithdrawalRow.Kind.EndAsync(
            id, withdrawal => end.CompleteAsync(withdrawal, Caller.Of(context).Actor, context.RequestAborted));

    private static async Task<IResult> FailAsync(string id, HttpContext context, EndWithdrawal end)
    {
        var (problem, reason) = await FlowReason.ReadAsync(context);
        return problem is not null
            ? problem
            : await WithdrawalRow.Kind.EndAsync(
                id, withdrawal => end.FailAsync(withdrawal, reason, Caller.Of(context).Actor, context.RequestAborted));
    }
}

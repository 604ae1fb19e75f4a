using Payments.Api.Flows;
using Payments.Api.Idempotency;
using Payments.Api.Keys;

namespace Payments.Api.Deposits;

internal static class DepositEndpoints
{
    private static readonly RequestBody.Parser<SingleAmountRequest> Parse =
        SingleAmountRequest.ParserOf(DepositRow.Kind.Name, FlowValues.Usdc);

    public static void AddDeposits(this IServiceCollection services)
    {
        services.AddReadFlows<DepositRow>(DepositRow.Sql);
        services.AddSingleton<CreateDeposit>();
        services.AddSingleton<EndDeposit>();
    }

    public static void MapDeposits(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup(DepositRow.Kind.Path).WithTags("Deposits");

        var read = group.MapGroup("").RequireAuthorization(Scopes.PaymentsRead);
        read.MapGet("", DepositRow.Kind.ListAsync)
            .WithName("ListDeposits")
            .DescribesFlows(DepositRow.Kind, FlowExamples.CompletedDeposit);
        read.MapGet("/{id}", DepositRow.Kind.GetAsync)
            .WithName("GetDeposit").WithSummary("A deposit")
            .DescribesParameter("id", "Id of the deposit", $"{FlowExamples.DepositId}")
            .Answers(FlowExamples.CompletedDeposit)
            .ProducesProblems(ProblemTypes.FlowNotFound);

        var write = group.MapGroup("").RequireAuthorization(Scopes.PaymentsWrite);
        write.MapPost("", CreateAsync)
            .WithName("CreateDeposit").WithSummary("Records USDC that is on its way to an account")
            .DescribesFlow(
                ["accountId", "amount"],
                ("amount", OpenApiDescription.Amount("In USDC, read exactly; greater than zero")),
                ("currency", FlowDescription.Only("USDC")))
            .WithBodyExample(FlowExamples.CreateDeposit)
            .Answers(FlowExamples.Deposit, StatusCodes.Status201Created)
            .AnswersHeader("Location", "Address of the deposit", StatusCodes.Status201Created)
            .ProducesProblems(ProblemTypes.ReferenceInUse);
        write.MapPost("/{id}/complete", CompleteAsync)
            .WithName("CompleteDeposit").WithSummary("Posts a deposit that has arrived; again, it changes nothing")
            .DescribesParameter("id", "Id of the deposit", $"{FlowExamples.DepositId}")
            .Answers(FlowExamples.CompletedDeposit)
            .ProducesProblems(ProblemTypes.FlowNotFound, ProblemTypes.FlowEnded);
        write.MapPost("/{id}/fail", FailAsync)
            .WithName("FailDeposit").WithSummary("Gives up a deposit that will not arrive; again, it changes nothing")
            .DescribesReason()
            .DescribesParameter("id", "Id of the deposit", $"{FlowExamples.DepositId}")
            .WithBodyExample(FlowExamples.Reason)
            .Answers(FlowExamples.FailedDeposit)
            .ProducesProblems(ProblemTypes.FlowNotFound, ProblemTypes.FlowEnded);
    }

    private static Task<IResult> CreateAsync(HttpContext context, Idempotent idempotent, CreateDeposit create) =>
        idempotent.RunAsync(
            context, Parse,
            (request, transaction, cancel) =>
                create.ExecuteAsync(request, Caller.Of(context), transaction, cancel));

    private static Task<IResult> CompleteAsync(string id, HttpContext context, EndDeposit end) =>
        DepositRow.Kind.EndAsync(
            id, deposit => end.CompleteAsync(deposit, Caller.Of(context).Actor, context.RequestAborted));

    private static async Task<IResult> FailAsync(string id, HttpContext context, EndDeposit end)
    {
        var (problem, reason) = await FlowReason.ReadAsync(context);
        return problem is not null
            ? problem
            : await DepositRow.Kind.EndAsync(
                id, deposit => end.FailAsync(deposit, reason, Caller.Of(context).Actor, context.RequestAborted));
    }
}

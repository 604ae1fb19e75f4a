using Payments.Api.Flows;
using Payments.Api.Idempotency;
using Payments.Api.Keys;
using Payments.Api.Paging;

namespace Payments.Api.Deposits;

internal static class DepositEndpoints
{
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
            .WithSummary("Deposits, newest first; with status=completed in the order of completion, last first")
            .DescribesPage("accountId", "status")
            .Produces<ListAnswer<DepositAnswer>>()
            .ProducesProblems(400, 503);
        read.MapGet("/{id}", DepositRow.Kind.GetAsync)
            .WithName("GetDeposit").WithSummary("A deposit")
            .Produces<DepositAnswer>()
            .ProducesProblems(404, 503);

        var write = group.MapGroup("").RequireAuthorization(Scopes.PaymentsWrite);
        write.MapPost("", CreateAsync)
            .WithName("CreateDeposit").WithSummary("Records USDC that is on its way to an account")
            .DescribesFlow(
                ["accountId", "amount"],
                ("amount", OpenApiDescription.Amount("In USDC, read exactly; greater than zero")),
                ("currency", FlowDescription.Only("USDC")))
            .Produces<DepositAnswer>(StatusCodes.Status201Created)
            .ProducesProblems(400, 409, 413, 415, 422, 503);
        write.MapPost("/{id}/complete", CompleteAsync)
            .WithName("CompleteDeposit").WithSummary("Posts a deposit that has arrived; again, it changes nothing")
            .Produces<DepositAnswer>()
            .ProducesProblems(404, 409, 503);
        write.MapPost("/{id}/fail", FailAsync)
            .WithName("FailDeposit").WithSummary("Gives up a deposit that will not arrive; again, it changes nothing")
            .DescribesReason()
            .Produces<DepositAnswer>()
            .ProducesProblems(400, 404, 409, 413, 415, 422, 503);
    }

    private static Task<IResult> CreateAsync(HttpContext context, Idempotent idempotent, CreateDeposit create) =>
        idempotent.RunAsync<CreateDepositRequest>(
            context, CreateDepositRequest.Parse,
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

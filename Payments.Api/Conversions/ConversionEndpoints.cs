using Payments.Api.Flows;
using Payments.Api.Idempotency;
using Payments.Api.Keys;

namespace Payments.Api.Conversions;

internal static class ConversionEndpoints
{
    public static void AddConversions(this IServiceCollection services)
    {
        services.AddReadFlows<ConversionRow>(ConversionRow.Sql);
        services.AddSingleton<CreateConversion>();
    }

    public static void MapConversions(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup(ConversionRow.Kind.Path).WithTags("Conversions");

        var read = group.MapGroup("").RequireAuthorization(Scopes.PaymentsRead);
        read.MapGet("", ConversionRow.Kind.ListAsync)
            .WithName("ListConversions")
            .DescribesFlows(ConversionRow.Kind, FlowExamples.CompletedConversion);
        read.MapGet("/{id}", ConversionRow.Kind.GetAsync)
            .WithName("GetConversion").WithSummary("A conversion, and what became of it")
            .DescribesParameter("id", "Id of the conversion", $"{FlowExamples.ConversionId}")
            .Answers(FlowExamples.CompletedConversion)
            .ProducesProblems(ProblemTypes.FlowNotFound);

        group.MapPost("", CreateAsync)
            .RequireAuthorization(Scopes.PaymentsWrite)
            .WithName("CreateConversion").WithSummary("Converts USDC of an account into USD; a worker executes it")
            .DescribesFlow(
                ["accountId", "usdcAmount"],
                ("usdcAmount", OpenApiDescription.Amount("What the account gives, read exactly; greater than zero")),
                ("usdAmount", OpenApiDescription.Amount(
                    "What it gets; not given, the same as usdcAmount, which then has two decimals at the most",
                    optional: true)))
            .WithBodyExample(FlowExamples.CreateConversion)
            .Answers(FlowExamples.Conversion, StatusCodes.Status201Created)
            .AnswersHeader("Location", "Address of the conversion", StatusCodes.Status201Created)
            .ProducesProblems(ProblemTypes.ReferenceInUse);
    }

    private static Task<IResult> CreateAsync(HttpContext context, Idempotent idempotent, CreateConversion create) =>
        idempotent.RunAsync<CreateConversionRequest>(
            context, CreateConversionRequest.Parse,
            (request, transaction, cancel) =>
                create.ExecuteAsync(request, Caller.Of(context), transaction, cancel));
}

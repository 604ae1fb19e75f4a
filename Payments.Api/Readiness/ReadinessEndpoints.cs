using Payments.Api.Describing;

namespace Payments.Api.Readiness;

internal static class ReadinessEndpoints
{
    private const int RetrySeconds = 2;

    public static void AddReadiness(this IServiceCollection services)
    {
        services.AddOptions<ReadinessOptions>()
            .BindConfiguration(ReadinessOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<CheckReadiness>();
    }

    private static readonly ReadyAnswer Ready = new(
        "ready", [],
        new ReadyComponents(
            new DatabaseAnswer("ok"), new SchemaAnswer("ok", 13), new QueueAnswer("ok", 0.021),
            new WorkersAnswer("ok", 2)));

    private static readonly ReadyAnswer NotReady = new(
        "not_ready", ["workers"], Ready.Components with { Workers = new WorkersAnswer("silent", 0) });

    /// <summary>The probes of an orchestrator, which has no key.</summary>
    public static void MapReadiness(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/v1").AllowAnonymous().WithTags("Health");

        group.MapGet("/health", Health)
            .WithName("GetHealth").WithSummary("Whether this process runs; asks nobody else")
            .Answers(new HealthAnswer("healthy", Examples.At(10)));

        group.MapGet("/ready", ReadyAsync)
            .WithName("GetReadiness").WithSummary("Whether a payment sent now would be stored and settled")
            .Answers(Ready)
            .Answers(NotReady, StatusCodes.Status503ServiceUnavailable);
    }

    private static JsonAnswer<HealthAnswer> Health(TimeProvider clock) =>
        JsonAnswer.Of(new HealthAnswer("healthy", clock.GetUtcNow()), ApiJson.Default.HealthAnswer);

    private static async Task ReadyAsync(HttpContext context, CheckReadiness checkReadiness)
    {
        var answer = await checkReadiness.ExecuteAsync(context.RequestAborted);
        context.Response.Headers.CacheControl = "no-store";
        if (answer.NotReady.Count > 0)
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            context.Response.Headers.RetryAfter = FormattableString.Invariant($"{RetrySeconds}");
        }

        await JsonAnswer.WriteAsync(context, answer, ApiJson.Default.ReadyAnswer);
    }
}

/// <summary>This process runs.</summary>
internal sealed record HealthAnswer(string Status, DateTimeOffset Timestamp);

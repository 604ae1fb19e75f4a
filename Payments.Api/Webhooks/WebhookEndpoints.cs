using Payments.Api.Describing;
using Payments.Api.Idempotency;
using Payments.Api.Keys;
using Payments.Api.Paging;
using Payments.Ledger.Webhooks;

namespace Payments.Api.Webhooks;

/// <summary>The targets of webhooks. Their deliveries are in <see cref="WebhookDeliveryEndpoints"/>.</summary>
internal static class WebhookEndpoints
{
    private const string Path = "/api/admin/webhooks";

    public static void AddWebhooks(this IServiceCollection services)
    {
        services.AddWebhookVault();
        services.AddSingleton<CreateTarget>();
        services.AddSingleton<ChangeTarget>();
        services.AddSingleton<ListTargets>();
        services.AddSingleton<ListDeliveries>();
        services.AddSingleton<ReplayDeliveries>();
    }

    public static void MapWebhooks(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup(Path).WithTags("Webhooks")
            .RequireAuthorization(Scopes.ReconciliationAdmin);

        group.MapPost("", CreateAsync)
            .WithName("CreateWebhookTarget").WithSummary("Adds a target; its secret is in this answer alone")
            .DescribesKey().DescribesBody(WebhookDescription.Target(creating: true))
            .WithBodyExample(WebhookExamples.Create)
            .Answers(WebhookExamples.WithSecret, StatusCodes.Status201Created)
            .AnswersHeader("Location", "Address of the target", StatusCodes.Status201Created)
            .ProducesProblems(ProblemTypes.WebhookKeyMissing);
        group.MapGet("", ListAsync)
            .WithName("ListWebhookTargets").WithSummary("The targets of webhooks, newest first")
            .DescribesPage()
            .Answers(Examples.ListOf(Path, WebhookExamples.Target));
        group.MapGet("/{id}", GetAsync)
            .WithName("GetWebhookTarget").WithSummary("A target of webhooks")
            .DescribesTarget()
            .Answers(WebhookExamples.Disabled);
        group.MapPatch("/{id}", ChangeAsync)
            .WithName("ChangeWebhookTarget").WithSummary("Changes a target, disables it, or enables it again")
            .DescribesTarget().DescribesBody(WebhookDescription.Target(creating: false))
            .WithBodyExample(WebhookExamples.Change)
            .Answers(WebhookExamples.Disabled)
            .ProducesProblems(ProblemTypes.WebhookTargetConfigured);
        group.MapDelete("/{id}", DeleteAsync)
            .WithName("DeleteWebhookTarget").WithSummary("Removes a target and its secrets")
            .DescribesTarget()
            .Produces(StatusCodes.Status204NoContent)
            .ProducesProblems(ProblemTypes.WebhookTargetConfigured);
        group.MapPost("/{id}/secret/rotate", RotateAsync)
            .WithName("RotateWebhookSecret")
            .WithSummary("Gives a target a new secret; the one of before signs too, for an overlap")
            .DescribesTarget().DescribesKey().DescribesBody(WebhookDescription.Rotation(), required: false)
            .WithBodyExample(WebhookExamples.Rotate)
            .Answers(WebhookExamples.WithSecret)
            .ProducesProblems(ProblemTypes.WebhookTargetConfigured, ProblemTypes.WebhookKeyMissing);
        group.MapPost("/{id}/test", TestAsync)
            .WithName("TestWebhookTarget").WithSummary("Sends a target an event of the type webhook.test, once")
            .DescribesTarget().DescribesKey()
            .Answers(WebhookExamples.Waiting, StatusCodes.Status202Accepted)
            .AnswersHeader("Location", "Address of the delivery", StatusCodes.Status202Accepted)
            .ProducesProblems(ProblemTypes.WebhookTargetDisabled);
        group.MapWebhookDeliveries();
    }

    private static RouteHandlerBuilder DescribesTarget(this RouteHandlerBuilder route) => route
        .DescribesParameter("id", "Id of the target", $"{WebhookExamples.TargetId}")
        .ProducesProblems(ProblemTypes.WebhookTargetNotFound);

    private static Task<IResult> CreateAsync(
        HttpContext context, Idempotent idempotent, CreateTarget createTarget, WebhookAddress allowed) =>
        ShowSecretAsync(
            StatusCodes.Status201Created,
            remember => idempotent.RunAsync<TargetRequest>(
                context,
                (ReadOnlySpan<byte> json, out TargetRequest? request) =>
                    TargetParser.Parse(json, creating: true, allowed, out request),
                async (request, transaction, cancel) =>
                {
                    var (problem, target) = await createTarget.ExecuteAsync(
                        transaction.Connection!, request, Caller.Of(context).Actor, cancel);
                    return problem is not null ? problem : remember(target!);
                }));

    private static async Task<IResult> ListAsync(HttpContext context, ListTargets listTargets)
    {
        var query = new PageQuery(context.Request);
        if (query.Check() is { } problem)
        {
            return problem;
        }

        var (known, cursor) = CursorOf(query);
        return known && await listTargets.ExecuteAsync(cursor, query, context.RequestAborted) is { } rows
            ? JsonAnswer.Of(
                Page.Of(context, query, rows, row => row.ToAnswer(), target => target.Id.ToString()),
                ApiJson.Default.ListAnswerWebhookTargetAnswer)
            : PageQuery.UnknownCursor("The cursor is not the id of a webhook target.");
    }

    private static async Task<IResult> GetAsync(string id, ListTargets listTargets, CancellationToken cancel) =>
        Guid.TryParseExact(id, "D", out var targetId) && await listTargets.FindAsync(targetId, cancel) is { } target
            ? JsonAnswer.Of(target.ToAnswer(), ApiJson.Default.WebhookTargetAnswer)
            : WebhookProblems.TargetNotFound;

    private static async Task<IResult> ChangeAsync(
        string id, HttpContext context, ChangeTarget changeTarget, WebhookAddress allowed)
    {
        if (!Guid.TryParseExact(id, "D", out var targetId))
        {
            return WebhookProblems.TargetNotFound;
        }

        if (RequestBody.RefuseMediaType(context.Request) is { } wrongType)
        {
            return wrongType;
        }

        var (problem, request) = await RequestBody.ReadAsync<TargetRequest>(
            context,
            (ReadOnlySpan<byte> json, out TargetRequest? value) =>
                TargetParser.Parse(json, creating: false, allowed, out value));
        if (problem is not null)
        {
            return problem;
        }

        var (refused, target) = await changeTarget.ExecuteAsync(
            targetId, request!, Caller.Of(context).Actor, context.RequestAborted);
        return refused is not null ? refused : JsonAnswer.Of(target!, ApiJson.Default.WebhookTargetAnswer);
    }

    private static async Task<IResult> DeleteAsync(string id, HttpContext context, ChangeTarget changeTarget)
    {
        if (!Guid.TryParseExact(id, "D", out var targetId))
        {
            return WebhookProblems.TargetNotFound;
        }

        return await changeTarget.DeleteAsync(targetId, Caller.Of(context).Actor, context.RequestAborted) is { } problem
            ? problem
            : TypedResults.NoContent();
    }

    private static async Task<IResult> RotateAsync(
        string id, HttpContext context, Idempotent idempotent, CreateTarget createTarget)
    {
        if (!Guid.TryParseExact(id, "D", out var targetId))
        {
            return WebhookProblems.TargetNotFound;
        }

        return await ShowSecretAsync(StatusCodes.Status200OK, remember =>
        {
            async Task<Outcome> RotateOneAsync(
                RotateRequest request, Npgsql.NpgsqlTransaction transaction, CancellationToken cancel)
            {
                var (problem, target) = await createTarget.RotateAsync(
                    transaction.Connection!, targetId, request.Overlap, Caller.Of(context).Actor, cancel);
                return problem is not null ? problem : remember(target!);
            }

            return RequestBody.IsAbsent(context)
                ? idempotent.RunAsync(
                    context, (transaction, cancel) => RotateOneAsync(RotateRequest.Default, transaction, cancel))
                : idempotent.RunAsync<RotateRequest>(context, RotateRequest.Parse, RotateOneAsync);
        });
    }

    private static async Task<IResult> TestAsync(
        string id, HttpContext context, Idempotent idempotent, TimeProvider clock)
    {
        if (!Guid.TryParseExact(id, "D", out var targetId))
        {
            return WebhookProblems.TargetNotFound;
        }

        return await idempotent.RunAsync(context, async (transaction, cancel) =>
        {
            var connection = transaction.Connection!;
            if (await TargetRow.FindAsync(connection, targetId, cancel) is null)
            {
                return WebhookProblems.TargetNotFound;
            }

            var test = new WebhookEvent(
                WebhookEventType.Test, clock.GetUtcNow(),
                new { message = "A test of this target.", requestedBy = Caller.Of(context).Key.OwnerName });
            return await WebhookOutbox.AddForAsync(connection, test, targetId, cancel) is { } deliveryId
                ? FinishedAnswer.Of(
                    StatusCodes.Status202Accepted, (await ListDeliveries.FindAsync(connection, deliveryId, cancel))!,
                    ApiJson.Default.WebhookDeliveryAnswer, $"{Path}/deliveries/{deliveryId}")
                : WebhookProblems.Disabled;
        });
    }

    internal static (bool Known, Guid? Cursor) CursorOf(PageQuery query) =>
        (query.StartingAfter ?? query.EndingBefore) is not { } text ? (true, null)
        : Guid.TryParseExact(text, "D", out var id) ? (true, id)
        : (false, null);

    // The answer that is kept for repetitions goes without the secret: it is shown once, and stored nowhere in clear.
    private static async Task<IResult> ShowSecretAsync(
        int status, Func<Func<WebhookTargetAnswer, Outcome>, Task<IResult>> run)
    {
        WebhookTargetAnswer? shown = null;
        FinishedAnswer? kept = null;
        var result = await run(target =>
        {
            shown = target;
            kept = FinishedAnswer.Of(
                status, target with { Secret = null }, ApiJson.Default.WebhookTargetAnswer, AddressOf(target.Id));
            return kept;
        });
        return ReferenceEquals(result, kept) && shown is not null
            ? FinishedAnswer.Of(status, shown, ApiJson.Default.WebhookTargetAnswer, AddressOf(shown.Id))
            : result;
    }

    private static string AddressOf(Guid id) => $"{Path}/{id}";
}

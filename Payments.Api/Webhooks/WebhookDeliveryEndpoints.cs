using Payments.Api.Describing;
using Payments.Api.Idempotency;
using Payments.Api.Keys;
using Payments.Api.Paging;

namespace Payments.Api.Webhooks;

/// <summary>The log of deliveries, and beginning them anew.</summary>
internal static class WebhookDeliveryEndpoints
{
    public static void MapWebhookDeliveries(this RouteGroupBuilder group)
    {
        group.MapGet("/deliveries", ListAsync)
            .WithName("ListWebhookDeliveries").WithSummary("Deliveries of webhooks, newest first")
            .DescribesPage("targetId", "status")
            .DescribesParameter("targetId", "Id of the target", $"{WebhookExamples.TargetId}")
            .DescribesParameter("status", "Status of the deliveries", "failed", ListDeliveries.Statuses)
            .Answers(Examples.ListOf("/api/admin/webhooks/deliveries", WebhookExamples.Replayed));
        group.MapGet("/deliveries/{id}", GetAsync)
            .WithName("GetWebhookDelivery").WithSummary("A delivery with its payload and its attempts")
            .DescribesDelivery()
            .Answers(WebhookExamples.Details);
        group.MapPost("/deliveries/{id}/replay", ReplayOneAsync)
            .WithName("ReplayWebhookDelivery").WithSummary("Begins a delivery anew, however it ended")
            .DescribesDelivery().DescribesKey()
            .Answers(WebhookExamples.Replayed, StatusCodes.Status202Accepted)
            .AnswersHeader("Location", "Address of the delivery", StatusCodes.Status202Accepted)
            .ProducesProblems(ProblemTypes.WebhookTargetDisabled);
        group.MapPost("/deliveries/replay", ReplayAllAsync)
            .WithName("ReplayWebhookDeliveries")
            .WithSummary("Begins anew all deliveries that failed or were cancelled since a time")
            .DescribesKey().DescribesBody(WebhookDescription.Replay())
            .WithBodyExample(WebhookExamples.Replay)
            .Answers(WebhookExamples.ReplayedAll);
    }

    private static RouteHandlerBuilder DescribesDelivery(this RouteHandlerBuilder route) => route
        .DescribesParameter("id", "Id of the delivery", $"{WebhookExamples.DeliveryId}")
        .ProducesProblems(ProblemTypes.WebhookDeliveryNotFound);

    private static async Task<IResult> ListAsync(HttpContext context, ListDeliveries listDeliveries)
    {
        var query = new PageQuery(context.Request, "targetId", "status");
        Guid? targetId = null;
        if (query.Get("targetId") is { } text)
        {
            if (Guid.TryParseExact(text, "D", out var id))
            {
                targetId = id;
            }
            else
            {
                query.Refuse("targetId", "invalid_id", "is not the id of a target");
            }
        }

        if (query.Get("status") is { } status && !ListDeliveries.Statuses.Contains(status, StringComparer.Ordinal))
        {
            query.Refuse("status", "unknown_status", "must be one of " + string.Join(", ", ListDeliveries.Statuses));
        }

        if (query.Check() is { } problem)
        {
            return problem;
        }

        var (known, cursor) = WebhookEndpoints.CursorOf(query);
        return known
            && await listDeliveries.ExecuteAsync(cursor, targetId, query, context.RequestAborted) is { } rows
            ? JsonAnswer.Of(
                Page.Of(context, query, rows, row => row, delivery => delivery.Id.ToString()),
                ApiJson.Default.ListAnswerWebhookDeliveryAnswer)
            : PageQuery.UnknownCursor("The cursor is not the id of a webhook delivery.");
    }

    private static async Task<IResult> GetAsync(string id, ListDeliveries listDeliveries, CancellationToken cancel) =>
        Guid.TryParseExact(id, "D", out var deliveryId)
        && await listDeliveries.FindAsync(deliveryId, cancel) is { } delivery
            ? JsonAnswer.Of(delivery, ApiJson.Default.WebhookDeliveryDetails)
            : WebhookProblems.DeliveryNotFound;

    private static async Task<IResult> ReplayOneAsync(
        string id, HttpContext context, Idempotent idempotent, ReplayDeliveries replayDeliveries)
    {
        if (!Guid.TryParseExact(id, "D", out var deliveryId))
        {
            return WebhookProblems.DeliveryNotFound;
        }

        return await idempotent.RunAsync(context, async (transaction, cancel) =>
        {
            var connection = transaction.Connection!;
            var refused = await replayDeliveries.ReplayOneAsync(
                connection, deliveryId, Caller.Of(context).Actor, cancel);
            return refused is not null
                ? refused
                : FinishedAnswer.Of(
                    StatusCodes.Status202Accepted, (await ListDeliveries.FindAsync(connection, deliveryId, cancel))!,
                    ApiJson.Default.WebhookDeliveryAnswer, $"/api/admin/webhooks/deliveries/{deliveryId}");
        });
    }

    private static Task<IResult> ReplayAllAsync(
        HttpContext context, Idempotent idempotent, ReplayDeliveries replayDeliveries) =>
        idempotent.RunAsync<ReplayRequest>(
            context, ReplayRequest.Parse, async (request, transaction, cancel) => FinishedAnswer.Of(
                StatusCodes.Status200OK,
                await replayDeliveries.ReplayAllAsync(
                    transaction.Connection!, request, Caller.Of(context).Actor, cancel),
                ApiJson.Default.WebhookReplayAnswer));
}

using Microsoft.Extensions.Options;
using Npgsql;
using Payments.Api.Accounts;
using Payments.Api.Describing;
using Payments.Api.Keys;
using Payments.Api.Paging;
using Payments.Ledger.Accounts;
using Payments.Ledger.Audit;

namespace Payments.Api.Audit;

internal static class AuditEndpoints
{
    public static void AddAuditTrail(this IServiceCollection services)
    {
        services.AddAudit(options => options.CheckForVerifying());
        services.AddSingleton(provider => new VerifyAudit(
            provider.GetRequiredService<NpgsqlDataSource>(),
            provider.GetRequiredService<IOptions<AuditOptions>>().Value.OpenForVerifying(),
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<ListAuditEvents>();
        services.AddSingleton<ListAccountTrail>();
    }

    public static void MapAuditTrail(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/v1").WithTags("Audit");

        group.MapGet("/audit/events", EventsAsync)
            .RequireAuthorization(Scopes.AuditRead)
            .WithName("ListAuditEvents").WithSummary("Who did what to which object, newest first")
            .DescribesPage("actor", "action", "objectType", "objectId")
            .Answers(Examples.ListOf("/api/v1/audit/events", AuditExamples.Event));

        group.MapGet("/audit/verification", VerifyAsync)
            .RequireAuthorization(Scopes.AuditRead)
            .WithName("VerifyAudit")
            .WithSummary("Computes the audit chain again, and says whether and where it was tampered with")
            .Answers(AuditExamples.Verification);

        group.MapGet("/accounts/{accountId}/audit-trail", AccountTrailAsync)
            .RequireAuthorization(Scopes.PaymentsRead)
            .WithName("ListAccountTrail")
            .WithSummary("What happened to an account and its payments, and by whom, newest first")
            .DescribesPage("currency")
            .Answers(Examples.ListOf("/api/v1/accounts/ACC-001/audit-trail", AuditExamples.Trail))
            .ProducesProblems(ProblemTypes.AccountNotFound, ProblemTypes.AccountDivided);
    }

    private static async Task<IResult> EventsAsync(HttpContext context, ListAuditEvents listEvents)
    {
        var query = new PageQuery(context.Request, "actor", "action", "objectType", "objectId");
        if (query.Check() is { } problem)
        {
            return problem;
        }

        if (!query.TryGetCursor(out var cursor))
        {
            return UnknownEvent;
        }

        return await listEvents.ExecuteAsync(cursor, query, context.RequestAborted) is { } events
            ? JsonAnswer.Of(
                Page.Of(context, query, events, audited => audited, audited => audited.Id.ToString()),
                ApiJson.Default.ListAnswerAuditEventAnswer)
            : UnknownEvent;
    }

    private static async Task<IResult> VerifyAsync(VerifyAudit verify, CancellationToken cancel)
    {
        var found = await verify.ExecuteAsync(cancel);
        var damage = found.Damage is { } first
            ? new AuditDamageAnswer(first.FirstBadSequence, first.Kind, first.Detail)
            : null;
        return JsonAnswer.Of(
            new AuditVerificationAnswer(
                found.Intact, found.VerifiedAt, found.Sealed, found.Head, found.Waiting, found.Checkpoints,
                found.CheckpointedTo, found.Restores, damage),
            ApiJson.Default.AuditVerificationAnswer);
    }

    private static async Task<IResult> AccountTrailAsync(
        string accountId, HttpContext context, FindAccount findAccount, ListAccountTrail listTrail)
    {
        var query = new PageQuery(context.Request, "currency");
        if (query.Check() is { } wrongQuery)
        {
            return wrongQuery;
        }

        var (problem, parts) = await findAccount.ExecuteAsync(accountId, query.Get("currency"), context.RequestAborted);
        if (problem is not null)
        {
            return problem;
        }

        if (accountId == AccountName.Clearing)
        {
            return new Problem(
                ProblemTypes.AccountDivided, "Ask for the trail of one part: clearing%2F00 to clearing%2F63.");
        }

        TrailKey? cursor = null;
        if ((query.StartingAfter ?? query.EndingBefore) is { } text)
        {
            cursor = await listTrail.FindAsync(text, parts[0], context.RequestAborted);
            if (cursor is null)
            {
                return PageQuery.UnknownCursor("The cursor is not the id of an item of this account's trail.");
            }
        }

        var items = await listTrail.ExecuteAsync(parts[0], cursor, query, context.RequestAborted);
        return JsonAnswer.Of(
            Page.Of(context, query, items, item => item, item => item.Id),
            ApiJson.Default.ListAnswerTrailItem);
    }

    private static Problem UnknownEvent => PageQuery.UnknownCursor("The cursor is not the id of an audit event.");
}

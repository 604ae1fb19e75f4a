using System.Globalization;
using Npgsql;
using Payments.Api.Describing;
using Payments.Api.Idempotency;
using Payments.Api.Keys;
using Payments.Api.Paging;

namespace Payments.Api.Queue;

internal static class QueueEndpoints
{
    public static void AddQueue(this IServiceCollection services)
    {
        services.AddSingleton<CountQueue>();
        services.AddSingleton<ReadQueueControl>();
        services.AddSingleton<PauseQueue>();
        services.AddSingleton<ListDeadLetters>();
        services.AddSingleton<RedriveDeadLetters>();
        services.AddSingleton<ListRedrives>();
        services.AddSingleton<QueueGauges>();
        services.AddHostedService(provider => provider.GetRequiredService<QueueGauges>());
    }

    public static void MapQueue(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/v1/queue").WithTags("Queue");

        var read = group.MapGroup("").RequireAuthorization(Scopes.PaymentsRead);
        read.MapGet("/stats", StatsAsync)
            .WithName("GetQueueStats").WithSummary("How the queue stands: what waits, what is held, who works")
            .Answers(QueueExamples.Stats);
        read.MapGet("/dead-letters", DeadLettersAsync)
            .WithName("ListDeadLetters").WithSummary("Jobs that were given up, newest first")
            .DescribesPage()
            .Answers(Examples.ListOf("/api/v1/queue/dead-letters", QueueExamples.DeadLetter));
        read.MapGet("/redrives", RedrivesAsync)
            .WithName("ListRedrives")
            .WithSummary("What was redriven, when, by whom, with the error it had; newest first")
            .DescribesPage("jobId")
            .Answers(Examples.ListOf("/api/v1/queue/redrives", QueueExamples.Redrive));

        var change = group.MapGroup("").RequireAuthorization(Scopes.QueueAdmin);
        change.MapPost("/dead-letters/{id}/redrive", RedriveOneAsync)
            .WithName("RedriveDeadLetter").WithSummary("Puts one dead letter back into the queue")
            .DescribesParameter("id", "Id of the dead letter", $"{Examples.PaymentId}")
            .DescribesKey(required: false)
            .Answers(QueueExamples.Redriven)
            .ProducesProblems(ProblemTypes.DeadLetterNotFound);
        change.MapPost("/dead-letters/redrive", RedriveAllAsync)
            .WithName("RedriveDeadLetters").WithSummary("Puts all dead letters back into the queue")
            .DescribesKey(required: false)
            .Answers(QueueExamples.Redriven);
        change.MapPost("/pause", PauseAsync)
            .WithName("PauseQueue").WithSummary("Pauses the queue, or one worker; what is held is finished")
            .DescribesKey(required: false).DescribesTextBody(PauseRequest.Members).WithBodyExample(QueueExamples.Pause)
            .Answers(QueueExamples.Paused)
            .ProducesProblems(ProblemTypes.WorkerNotFound);
        change.MapPost("/resume", ResumeAsync)
            .WithName("ResumeQueue").WithSummary("Resumes the queue, or one worker")
            .DescribesKey(required: false).DescribesTextBody(PauseRequest.Members).WithBodyExample(QueueExamples.Resume)
            .Answers(QueueExamples.Resumed)
            .ProducesProblems(ProblemTypes.WorkerNotFound);
    }

    private static async Task<IResult> StatsAsync(
        CountQueue countQueue, ReadQueueControl readControl, CancellationToken cancel)
    {
        var counts = await countQueue.ExecuteAsync(cancel);
        var control = await readControl.ExecuteAsync(cancel);
        var settled = control.Workers.Where(worker => worker.State != "silent").Sum(worker => worker.SettledLastMinute);
        return JsonAnswer.Of(
            new QueueStatsAnswer(
                counts.Ready,
                counts.InFlight,
                counts.Delayed,
                counts.Dead,
                counts.OldestReadyAgeSeconds,
                new ThroughputAnswer(settled, Math.Round(settled / 60d, 2)),
                counts.BlockedAccounts,
                control.Pause,
                control.Workers,
                counts.At),
            ApiJson.Default.QueueStatsAnswer);
    }

    private static async Task<IResult> DeadLettersAsync(HttpContext context, ListDeadLetters listDeadLetters)
    {
        var query = new PageQuery(context.Request);
        if (query.Check() is { } problem)
        {
            return problem;
        }

        if (!query.TryGetCursor(out var cursor))
        {
            return UnknownDeadLetter;
        }

        return await listDeadLetters.ExecuteAsync(cursor, query, context.RequestAborted) is { } rows
            ? JsonAnswer.Of(
                Page.Of(context, query, rows, row => row, letter => letter.Id.ToString()),
                ApiJson.Default.ListAnswerDeadLetterAnswer)
            : UnknownDeadLetter;
    }

    private static async Task<IResult> RedrivesAsync(HttpContext context, ListRedrives listRedrives)
    {
        var query = new PageQuery(context.Request, "jobId");
        Guid? jobId = null;
        if (query.Get("jobId") is { } job)
        {
            if (Guid.TryParseExact(job, "D", out var id))
            {
                jobId = id;
            }
            else
            {
                query.Refuse("jobId", "invalid_id", "is not the id of a job");
            }
        }

        if (query.Check() is { } problem)
        {
            return problem;
        }

        long? cursor = null;
        if ((query.StartingAfter ?? query.EndingBefore) is { } text)
        {
            if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                return UnknownRedrive;
            }

            cursor = number;
        }

        return await listRedrives.ExecuteAsync(jobId, cursor, query, context.RequestAborted) is { } rows
            ? JsonAnswer.Of(
                Page.Of(context, query, rows, row => row, redrive => redrive.Id),
                ApiJson.Default.ListAnswerRedriveAnswer)
            : UnknownRedrive;
    }

    private static Task<IResult> RedriveOneAsync(
        string id, HttpContext context, KeyedChange change, RedriveDeadLetters redriveDeadLetters) =>
        Guid.TryParseExact(id, "D", out var jobId)
            ? RedriveAsync(context, jobId, change, redriveDeadLetters)
            : Task.FromResult<IResult>(DeadLetterNotFound);

    private static Task<IResult> RedriveAllAsync(
        HttpContext context, KeyedChange change, RedriveDeadLetters redriveDeadLetters) =>
        RedriveAsync(context, jobId: null, change, redriveDeadLetters);

    private static async Task<IResult> RedriveAsync(
        HttpContext context, Guid? jobId, KeyedChange change, RedriveDeadLetters redriveDeadLetters)
    {
        if (KeyedChange.ReadKey(context, out var key) is { } wrongKey)
        {
            return wrongKey;
        }

        var caller = Caller.Of(context);
        var result = await change.RunAsync(context, key, [], async (transaction, cancel) =>
        {
            var redriven = await redriveDeadLetters.ExecuteAsync(transaction.Connection!, jobId, caller, cancel);
            return jobId is not null && redriven.Count == 0
                ? DeadLetterNotFound
                : new Outcome.Done(
                    FinishedAnswer.Of(
                        StatusCodes.Status200OK, new RedrivenAnswer(redriven.Count), ApiJson.Default.RedrivenAnswer),
                    () => redriveDeadLetters.Tell(redriven, caller));
        });

        // Such as one that somebody else has redriven already.
        if (jobId is { } refused && ReferenceEquals(result, DeadLetterNotFound))
        {
            await change.RecordRefusalAsync(
                RedriveDeadLetters.EventOf(caller.Actor, refused), ProblemTypes.DeadLetterNotFound,
                context.RequestAborted);
        }

        return result;
    }

    private static Task<IResult> PauseAsync(HttpContext context, PauseQueue pauseQueue, KeyedChange change) =>
        ChangeAsync(context, change, (request, connection, cancel) => pauseQueue.PauseAsync(
            connection, request.WorkerId, Caller.Of(context).Actor, request.Reason, cancel));

    private static Task<IResult> ResumeAsync(HttpContext context, PauseQueue pauseQueue, KeyedChange change) =>
        ChangeAsync(context, change, (request, connection, cancel) => pauseQueue.ResumeAsync(
            connection, request.WorkerId, Caller.Of(context).Actor, cancel));

    private static async Task<IResult> ChangeAsync(
        HttpContext context, KeyedChange change,
        Func<PauseRequest, NpgsqlConnection, CancellationToken, Task<bool>> changeOne)
    {
        if (KeyedChange.ReadKey(context, out var key) is { } wrongKey)
        {
            return wrongKey;
        }

        var (problem, members) = await TextBody.ReadAsync(context, PauseRequest.Members);
        if (problem is not null)
        {
            return problem;
        }

        var request = PauseRequest.From(members);
        if (request.Check() is { } refused)
        {
            return refused;
        }

        return await change.RunAsync(context, key, TextBody.Canonical(members), async (transaction, cancel) =>
        {
            var connection = transaction.Connection!;
            return await changeOne(request, connection, cancel)
                ? FinishedAnswer.Of(
                    StatusCodes.Status200OK, await ReadQueueControl.ExecuteAsync(connection, cancel),
                    ApiJson.Default.QueueControlAnswer)
                : (Outcome)new Problem(ProblemTypes.WorkerNotFound, "No worker has this id.");
        });
    }

    private static Problem DeadLetterNotFound { get; } =
        new(ProblemTypes.DeadLetterNotFound, "No dead letter has this id.");

    private static Problem UnknownDeadLetter => PageQuery.UnknownCursor("The cursor is not the id of a dead letter.");

    private static Problem UnknownRedrive => PageQuery.UnknownCursor("The cursor is not the id of a redrive.");
}

using System.Text.Json.Serialization.Metadata;
using Payments.Api.Idempotency;
using Payments.Api.Paging;

namespace Payments.Api.Flows;

/// <summary>A flow as it is answered.</summary>
internal interface IFlowAnswer
{
    Guid Id { get; }
}

/// <summary>How one kind of flow is named, found and answered.</summary>
/// <param name="Name">As in "No deposit has this id."</param>
/// <param name="Path">The address of its list.</param>
/// <param name="Statuses">What its list can be filtered by.</param>
internal sealed record FlowKind<TRow, TAnswer>(
    string Name,
    string Path,
    IReadOnlyList<string> Statuses,
    Func<TRow, TAnswer> Show,
    JsonTypeInfo<TAnswer> Type,
    JsonTypeInfo<ListAnswer<TAnswer>> ListType)
    where TRow : class, IFlowRow
    where TAnswer : IFlowAnswer
{
    public Problem NotFound => new(ProblemTypes.FlowNotFound, $"No {Name} has this id.");

    public Problem ReferenceInUse => new(
        ProblemTypes.ReferenceInUse, $"The reference belongs to another {Name}.",
        [ProblemError.At("#/reference", "reference_in_use", $"must be that of one {Name} only")]);

    /// <summary>The refusal to end a flow that has ended in the other way.</summary>
    public Problem EndedOtherwise(TRow row) => new(ProblemTypes.FlowEnded, $"The {Name} is {row.Status} already.");

    public IResult Answer(TRow row) => JsonAnswer.Of(Show(row), Type);

    /// <summary>The answer to its creation.</summary>
    public FinishedAnswer Created(TRow row) =>
        FinishedAnswer.Of(StatusCodes.Status201Created, Show(row), Type, $"{Path}/{row.Id}");

    public async Task<IResult> GetAsync(string id, ReadFlows<TRow> flows, CancellationToken cancel) =>
        TryParseId(id, out var flowId) && await flows.FindAsync(flowId, cancel) is { } row ? Answer(row) : NotFound;

    public async Task<IResult> ListAsync(HttpContext context, ReadFlows<TRow> flows)
    {
        var query = new PageQuery(context.Request, "accountId", "status");
        var filter = new FlowFilter(query.Get("accountId"), query.Get("status"));
        if (filter.Status is not null && !Statuses.Contains(filter.Status, StringComparer.Ordinal))
        {
            query.Refuse("status", "unknown_status", "must be one of " + string.Join(", ", Statuses));
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
                return UnknownCursor;
            }

            cursor = id;
        }

        return await flows.ListAsync(filter, cursor, query, context.RequestAborted) is { } rows
            ? JsonAnswer.Of(Page.Of(context, query, rows, Show, item => item.Id.ToString()), ListType)
            : UnknownCursor;
    }

    /// <summary>Ends a flow; a repetition of the same end gets the same answer.</summary>
    public async Task<IResult> EndAsync(string id, Func<Guid, Task<FlowEnd<TRow>>> end)
    {
        if (!TryParseId(id, out var flowId))
        {
            return NotFound;
        }

        return await end(flowId) switch
        {
            FlowEnd<TRow>.Reached reached => Answer(reached.Row),
            FlowEnd<TRow>.Otherwise otherwise => EndedOtherwise(otherwise.Row),
            _ => NotFound,
        };
    }

    public static bool TryParseId(string text, out Guid id) => Guid.TryParseExact(text, "D", out id);

    private Problem UnknownCursor => PageQuery.UnknownCursor($"The cursor is not the id of a {Name} of this list.");
}

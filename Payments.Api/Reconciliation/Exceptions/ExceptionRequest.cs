using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using Payments.Ledger.Reconciliation.Corrections;

namespace Payments.Api.Reconciliation.Exceptions;

/// <summary>What can be done with an exception.</summary>
internal static class ExceptionAction
{
    public const string Acknowledge = "acknowledge";

    public const string Assign = "assign";

    public const string Comment = "comment";

    public const string Resolve = "resolve";

    public const string Reopen = "reopen";

    public static IReadOnlyList<string> All { get; } = [Acknowledge, Assign, Comment, Resolve, Reopen];

    /// <summary>The members that the body of each may have.</summary>
    public static string[] MembersOf(string action) => action switch
    {
        Acknowledge => ["notes", ActionBody.VersionMember],
        Assign => ["assignee", "notes", ActionBody.VersionMember],
        Comment => ["text"],
        Resolve => ["resolved_by", "notes", ActionBody.VersionMember],
        _ => ["notes", ActionBody.VersionMember],
    };

    public static readonly string[] BulkMembers =
        ["action", ActionBody.IdsMember, "assignee", "text", "resolved_by", "notes"];
}

/// <summary>Something to be done with an exception, or with several.</summary>
/// <param name="Assignee">Null with <c>assign</c>: nobody.</param>
/// <param name="Text">Of a comment.</param>
/// <param name="ResolvedBy">As stated; null: the owner of the key.</param>
/// <param name="Version">Of the exception as its reader saw it; null: as it is.</param>
internal sealed record ExceptionRequest(
    string Action, string? Assignee, string? Text, string? ResolvedBy, string? Notes, int? Version)
{
    public const int LongestName = 200;

    public const int LongestText = 4_000;

    public static ExceptionRequest From(string action, ActionBody body) => new(
        action, body["assignee"], body["text"], body["resolved_by"], body["notes"], body.Version);

    /// <summary>Looks at the values. All faults are collected, each with its place.</summary>
    public Problem? Check()
    {
        var errors = new List<ProblemError>();
        if (!ExceptionAction.All.Contains(Action, StringComparer.Ordinal))
        {
            errors.Add(ProblemError.At(
                "#/action", "unknown_action", "must be one of " + string.Join(", ", ExceptionAction.All)));
        }

        if (Action == ExceptionAction.Comment && Text is null)
        {
            errors.Add(ProblemError.At("#/text", "required", "is missing"));
        }

        CheckName(Assignee, "#/assignee", errors);
        CheckName(ResolvedBy, "#/resolved_by", errors);
        CheckText(Text, "#/text", errors);
        CheckText(Notes, "#/notes", errors);
        return errors.Count == 0
            ? null
            : new Problem(ProblemTypes.Unprocessable, "A value of the action is not accepted.", errors);
    }

    /// <summary>Text that people read: not empty, bounded, and of control characters line breaks alone.</summary>
    public static void CheckText(string? text, string pointer, List<ProblemError> errors)
    {
        if (text is not null && (string.IsNullOrWhiteSpace(text) || text.Length > LongestText
            || text.Any(one => char.IsControl(one) && one is not ('\n' or '\r' or '\t'))))
        {
            errors.Add(ProblemError.At(pointer, "invalid_text", FormattableString.Invariant(
                $"must be 1 to {LongestText} characters without control characters other than line breaks")));
        }
    }

    private static void CheckName(string? name, string pointer, List<ProblemError> errors)
    {
        if (name is not null
            && (string.IsNullOrWhiteSpace(name) || name.Length > LongestName || name.Any(char.IsControl)))
        {
            errors.Add(ProblemError.At(pointer, "invalid_name", FormattableString.Invariant(
                $"must be 1 to {LongestName} characters without control characters")));
        }
    }
}

/// <summary>What the OpenAPI document says of the bodies.</summary>
internal static class ActionDescription
{
    public static RouteHandlerBuilder DescribesAction(
        this RouteHandlerBuilder route, IReadOnlyCollection<string> members, params string[] required) =>
        route.DescribesKey(required: false).DescribesBody(
            OpenApiDescription.Object(
                required, members.ToDictionary(member => member, SchemaOf, StringComparer.Ordinal)),
            required: required.Length > 0);

    private static IOpenApiSchema SchemaOf(string member) => member switch
    {
        ActionBody.VersionMember => new OpenApiSchema { Type = JsonSchemaType.Integer | JsonSchemaType.Null },
        ActionBody.IdsMember => new OpenApiSchema
        {
            Type = JsonSchemaType.Array,
            MinItems = 1,
            MaxItems = BulkRequest.MostIds,
            UniqueItems = true,
            Items = new OpenApiSchema { Type = JsonSchemaType.String, Format = "uuid" },
        },
        "action" => Words(JsonSchemaType.String, ExceptionAction.All),
        "kind" => Words(JsonSchemaType.String | JsonSchemaType.Null, AdjustmentKind.All),
        _ => new OpenApiSchema { Type = JsonSchemaType.String | JsonSchemaType.Null },
    };

    private static OpenApiSchema Words(JsonSchemaType type, IReadOnlyList<string> words) => new()
    {
        Type = type,
        Enum = [.. words.Select(word => (JsonNode)word)],
    };
}

/// <summary>The same to be done with several exceptions.</summary>
internal sealed record BulkRequest(ExceptionRequest Each, IReadOnlyList<string>? Ids)
{
    public const int MostIds = 100;

    public static BulkRequest From(ActionBody body) => new(ExceptionRequest.From(body["action"] ?? "", body), body.Ids);

    public Problem? Check()
    {
        var isBounded = Ids is { Count: >= 1 and <= MostIds };
        var isDistinct = Ids?.Distinct(StringComparer.OrdinalIgnoreCase).Count() == Ids?.Count;
        return isBounded && isDistinct
            ? Each.Check()
            : new Problem(
                ProblemTypes.Unprocessable, "The ids are not accepted.",
                [ProblemError.At("#/ids", "invalid_ids", $"must be 1 to {MostIds} different ids")]);
    }
}

using Payments.Api.Reconciliation.Exceptions;
using Payments.Ledger.Reconciliation.Corrections;

namespace Payments.Api.Reconciliation.Adjustments;

/// <summary>A correction that an operator asks for.</summary>
/// <param name="Kind">One of <see cref="AdjustmentKind"/>; an adjustment when it is not given.</param>
/// <param name="Version">Of the exception as its reader saw it; null: as it is.</param>
internal sealed record ProposeRequest(string Kind, string? Reason, int? Version)
{
    /// <summary>The members that the body may have.</summary>
    public static readonly string[] Members = ["kind", "reason", ActionBody.VersionMember];

    public static ProposeRequest From(ActionBody body) =>
        new(body["kind"] ?? AdjustmentKind.Adjustment, body["reason"], body.Version);

    public Problem? Check()
    {
        var errors = new List<ProblemError>();
        if (!AdjustmentKind.All.Contains(Kind, StringComparer.Ordinal))
        {
            errors.Add(ProblemError.At(
                "#/kind", "unknown_kind", "must be one of " + string.Join(", ", AdjustmentKind.All)));
        }

        if (Reason is null)
        {
            errors.Add(ProblemError.At("#/reason", "required", "is missing"));
        }

        ExceptionRequest.CheckText(Reason, "#/reason", errors);
        return errors.Count == 0
            ? null
            : new Problem(ProblemTypes.Unprocessable, "A value of the adjustment is not accepted.", errors);
    }
}

using System.Globalization;
using Payments.Api.Paging;

namespace Payments.Api.AccountReconciliations;

/// <summary>The period to reconcile: entries and settlements from <c>From</c> on and before <c>To</c>.</summary>
/// <param name="From">Null: from the account's first entry.</param>
/// <param name="To">Null: until now.</param>
internal sealed record ReconcileRequest(DateTimeOffset? From, DateTimeOffset? To)
{
    /// <summary>The members that the body may have.</summary>
    public static readonly string[] Members = ["from", "to"];

    /// <summary>The accepted request, or what is wrong with the values of the body.</summary>
    public static Problem? Check(
        IReadOnlyDictionary<string, string> members, DateTimeOffset now, out ReconcileRequest request)
    {
        var errors = new List<ProblemError>();
        request = new ReconcileRequest(Read(members, "from", errors), Read(members, "to", errors));
        if (errors.Count == 0 && request.From >= (request.To ?? now))
        {
            errors.Add(ProblemError.At("#/from", "empty_period", "must be before the end of the period"));
        }

        return errors.Count == 0
            ? null
            : new Problem(ProblemTypes.Unprocessable, "The period is not accepted.", errors);
    }

    // With an offset, so that nobody's local time is guessed at; a date alone begins at midnight in UTC.
    private static DateTimeOffset? Read(
        IReadOnlyDictionary<string, string> members, string name, List<ProblemError> errors)
    {
        if (!members.TryGetValue(name, out var text))
        {
            return null;
        }

        if (DateTimeOffset.TryParseExact(
            text,
            ["yyyy-MM-dd", "yyyy-MM-ddTHH:mm:ssK", "yyyy-MM-ddTHH:mm:ss.FFFFFFK"],
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out var time) && QueryParameters.IsUsual(time))
        {
            return time;
        }

        errors.Add(ProblemError.At(
            "#/" + name, "invalid_time", "must be a date (2026-03-01) or a time (2026-03-01T10:00:00Z), in UTC"));
        return null;
    }
}

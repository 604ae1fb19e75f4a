namespace Payments.Api.Queue;

/// <summary>Whom to pause or resume, and why.</summary>
/// <param name="WorkerId">Null: the whole queue.</param>
internal sealed record PauseRequest(string? WorkerId, string? Reason)
{
    private const int WorkerIdMaxLength = 200;
    private const int ReasonMaxLength = 500;

    /// <summary>The members that the body may have.</summary>
    public static readonly string[] Members = ["workerId", "reason"];

    public static PauseRequest From(IReadOnlyDictionary<string, string> members) =>
        new(members.GetValueOrDefault("workerId"), members.GetValueOrDefault("reason"));

    /// <summary>What is wrong with the values, if anything is.</summary>
    public Problem? Check()
    {
        var errors = new List<ProblemError>();
        CheckText("#/workerId", WorkerId, WorkerIdMaxLength, errors);
        CheckText("#/reason", Reason, ReasonMaxLength, errors);
        return errors.Count == 0
            ? null
            : new Problem(ProblemTypes.Unprocessable, "A value of the request is not accepted.", errors);
    }

    private static void CheckText(string pointer, string? text, int longest, List<ProblemError> errors)
    {
        if (text is not null && (text.Length is 0 || text.Length > longest || text.Any(char.IsControl)))
        {
            errors.Add(ProblemError.At(
                pointer, "invalid_text", $"must be 1 to {longest} characters without control characters"));
        }
    }
}

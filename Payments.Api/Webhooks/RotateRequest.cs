using Payments.Api.Payments;

namespace Payments.Api.Webhooks;

/// <summary>For how long the secret of before signs too.</summary>
/// <param name="OverlapHours">Null: a number that is larger, or has more decimals, than is read.</param>
internal sealed record RotateRequest(decimal? OverlapHours)
{
    private const int MostHours = 168;

    private static readonly BodyShape<decimal?> Shape = new(
        "a rotation", ["overlapHours"], [],
        static (ref BodyReader body, string _, ref decimal? hours) =>
            hours = body.ReadAmount("#/overlapHours", out var read) == AmountReading.Number ? read : null);

    public static RotateRequest Default { get; } = new(24);

    public TimeSpan Overlap => TimeSpan.FromHours((double)OverlapHours!.Value);

    public static Problem? Parse(ReadOnlySpan<byte> json, out RotateRequest? request)
    {
        request = null;
        var hours = Default.OverlapHours;
        if (Shape.Read(json, ref hours) is { } problem)
        {
            return problem;
        }

        request = new RotateRequest(hours);
        return request.Check();
    }

    public Problem? Check() => OverlapHours is >= 0 and <= MostHours
        ? null
        : new Problem(
            ProblemTypes.Unprocessable, "A value of the rotation is not accepted.",
            [ProblemError.At("#/overlapHours", "out_of_range", $"must be from 0 to {MostHours}")]);
}

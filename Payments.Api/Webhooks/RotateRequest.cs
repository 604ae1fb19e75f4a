namespace Payments.Api.Webhooks;

/// <summary>For how long the secret of before signs too.</summary>
internal sealed record RotateRequest(decimal OverlapHours)
{
    private const int MostHours = 168;

    public static RotateRequest Default { get; } = new(24);

    public TimeSpan Overlap => TimeSpan.FromHours((double)OverlapHours);

    public static Problem? Parse(ReadOnlySpan<byte> json, out RotateRequest? request)
    {
        request = null;
        var body = new BodyReader(json);
        var hours = Default.OverlapHours;
        try
        {
            Read(ref body, ref hours);
        }
        catch (Exception e) when (BodyReader.SyntaxProblem(e) is not null)
        {
            return BodyReader.SyntaxProblem(e);
        }

        if (body.Errors is not null)
        {
            return new Problem(
                ProblemTypes.InvalidRequest, "The body does not have the shape of a rotation.", body.Errors);
        }

        request = new RotateRequest(hours);
        return request.Check();
    }

    public Problem? Check() => OverlapHours is >= 0 and <= MostHours
        ? null
        : new Problem(
            ProblemTypes.Unprocessable, "A value of the rotation is not accepted.",
            [ProblemError.At("#/overlapHours", "out_of_range", $"must be from 0 to {MostHours}")]);

    private static void Read(ref BodyReader body, ref decimal hours)
    {
        if (!body.BeginBody())
        {
            return;
        }

        var seen = false;
        while (body.NextMember())
        {
            if (body.NameIs("overlapHours"u8))
            {
                body.ToValue(seen, "#");
                body.ReadAmount("#/overlapHours", out hours);
                seen = true;
            }
            else
            {
                body.SkipUnknownMember("#", "a rotation");
            }
        }

        body.EndBody();
    }
}

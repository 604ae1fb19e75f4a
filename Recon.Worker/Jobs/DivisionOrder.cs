namespace Recon.Worker.Jobs;

/// <summary>
/// Divisions in the order in which a claim looks at them, each with the sequence that it starts behind.
/// </summary>
internal sealed record DivisionOrder(IReadOnlyList<short> Divisions, IReadOnlyList<long> Marks)
{
    public int Count => Divisions.Count;
}

namespace Payments.Bench.Measuring;

/// <summary>What one run of one side found out: figures by name, the unit in the name.</summary>
internal sealed record Run(IReadOnlyDictionary<string, double> Figures)
{
    public Run(params IEnumerable<(string Name, double Value)> figures)
        : this(figures.ToDictionary(figure => figure.Name, figure => figure.Value, StringComparer.Ordinal))
    {
    }
}

/// <summary>
/// The run says nothing: a request failed, the books are wrong, or the load was not what it should have been.
/// </summary>
internal sealed class VoidRunException(string reason) : Exception(reason);

/// <summary>A side cannot be measured on this machine, because a program is not installed.</summary>
internal sealed class NotInstalledException(string what) : Exception(what);

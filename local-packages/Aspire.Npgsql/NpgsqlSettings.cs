namespace Aspire.Npgsql;

/// <summary>
/// Settings of a data source, read from <c>Aspire:Npgsql</c> and then <c>Aspire:Npgsql:{connection name}</c>.
/// </summary>
public class NpgsqlSettings
{
    public string? ConnectionString { get; set; }

    public bool DisableHealthChecks { get; set; }

    public bool DisableTracing { get; set; }

    public bool DisableMetrics { get; set; }
}

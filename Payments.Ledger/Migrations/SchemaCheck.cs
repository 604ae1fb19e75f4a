using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace Payments.Ledger.Migrations;

/// <summary>
/// Healthy when the database has the schema of this version or a newer one. A process that comes up before its
/// migrations were applied gets no requests until they are.
/// </summary>
/// <remarks>A schema never goes back: once it was found, nothing is asked any more.</remarks>
internal sealed class SchemaCheck(NpgsqlDataSource database) : IHealthCheck
{
    private volatile bool _isCurrent;

    public async Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (_isCurrent)
        {
            return HealthCheckResult.Healthy();
        }

        try
        {
            await using var command = database.CreateCommand(Migrator.VersionSql);
            var version = (int)(await command.ExecuteScalarAsync(cancellationToken))!;
            _isCurrent = version >= Migrator.Version;
            return _isCurrent
                ? HealthCheckResult.Healthy()
                : HealthCheckResult.Unhealthy(FormattableString.Invariant(
                    $"The database has schema version {version}, this program needs {Migrator.Version}: run migrate."));
        }
        catch (NpgsqlException e)
        {
            return HealthCheckResult.Unhealthy("The database does not tell the version of its schema.", e);
        }
    }
}

public static class SchemaServices
{
    /// <summary>Keeps <c>/health</c> at 503 while the schema of the database is older than this program.</summary>
    public static void AddSchemaCheck(this IServiceCollection services)
    {
        services.AddSingleton<SchemaCheck>();
        services.AddHealthChecks().AddCheck<SchemaCheck>("schema");
    }
}

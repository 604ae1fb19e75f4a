using Npgsql;

namespace Recon.Worker.Duties;

/// <summary>
/// The database for everything but settlement. Its sessions are ordinary ones: they may scan, sort and take their
/// time, which the settlement's sessions are set not to.
/// </summary>
internal sealed class DutySessions(NpgsqlDataSource source) : IAsyncDisposable
{
    private const int Most = 10;

    public static DutySessions Create(string connectionString, Action<NpgsqlDataSourceBuilder> configure)
    {
        var builder = new NpgsqlDataSourceBuilder(connectionString);
        builder.ConnectionStringBuilder.MaxPoolSize = Most;
        configure(builder);
        return new DutySessions(builder.Build());
    }

    public ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancel) => source.OpenConnectionAsync(cancel);

    public ValueTask DisposeAsync() => source.DisposeAsync();
}

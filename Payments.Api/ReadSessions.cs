using Npgsql;

namespace Payments.Api;

/// <summary>
/// The database for what callers read all day: an account, its balance, a page of its entries, a payment. Planning such
/// a statement takes the server longer than reading the rows, so each is planned once in a session and stays prepared.
/// That asks for two things: every statement goes by key, so that a plan which was made while the tables were small
/// suits them when they are large; and a session goes back to the pool as it is, so nothing may be left set in it.
/// </summary>
internal sealed class ReadSessions(NpgsqlDataSource source) : IAsyncDisposable
{
    private const int Most = 10;
    private const int PreparedStatements = 20;

    private const string Settings =
        "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off";

    public static ReadSessions Create(string connectionString, Action<NpgsqlDataSourceBuilder>? configure = null)
    {
        var builder = new NpgsqlDataSourceBuilder(connectionString);
        var session = builder.ConnectionStringBuilder;
        session.MaxPoolSize = Math.Min(session.MaxPoolSize, Most);
        session.Options = session.Options is { Length: > 0 } others ? others + ' ' + Settings : Settings;
        session.NoResetOnClose = true;
        session.MaxAutoPrepare = PreparedStatements;
        session.AutoPrepareMinUsages = 2;
        configure?.Invoke(builder);
        return new ReadSessions(builder.Build());
    }

    public ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancel) => source.OpenConnectionAsync(cancel);

    public ValueTask DisposeAsync() => source.DisposeAsync();
}

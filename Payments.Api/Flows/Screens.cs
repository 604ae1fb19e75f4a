using Dapper;
using Npgsql;
using Payments.Ledger;

namespace Payments.Api.Flows;

/// <summary>Tells the live screens of all processes that something changed.</summary>
internal static class Screens
{
    /// <summary>
    /// Within the open transaction, whose commit sends it. Such a commit takes a lock that is global to the server,
    /// which is no matter for flows: they are few beside payments.
    /// </summary>
    public static Task NotifyAsync(NpgsqlConnection connection, CancellationToken cancel) =>
        connection.ExecuteAsync(new CommandDefinition(
            "SELECT pg_notify(@channel, '')", new { channel = Database.ChangesChannel }, cancellationToken: cancel));
}

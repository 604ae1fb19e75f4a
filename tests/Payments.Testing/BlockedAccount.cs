using Dapper;
using Npgsql;
using Xunit;

namespace Payments.Testing;

/// <summary>
/// Holds the row of one account, so that whichever worker claims payments into it stands in the middle of their
/// settlement, with leases in its hands, for as long as a test wants.
/// </summary>
public sealed class BlockedAccount : IAsyncDisposable
{
    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlTransaction _transaction;

    private BlockedAccount(NpgsqlConnection connection, NpgsqlTransaction transaction) =>
        (_connection, _transaction) = (connection, transaction);

    public static async Task<BlockedAccount> HoldAsync(NpgsqlDataSource superuser, string account)
    {
        var connection = await superuser.OpenConnectionAsync();
        var transaction = await connection.BeginTransactionAsync();
        Assert.Equal(account, await connection.ExecuteScalarAsync<string>(
            "SELECT name FROM accounts WHERE name = @account FOR UPDATE", new { account }));
        return new(connection, transaction);
    }

    /// <summary>Lets settlement go on.</summary>
    public async ValueTask DisposeAsync()
    {
        await _transaction.DisposeAsync();
        await _connection.DisposeAsync();
    }
}

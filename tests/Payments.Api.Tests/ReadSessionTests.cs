using Dapper;
using Microsoft.AspNetCore.Http;
using Npgsql;
using Payments.Api.Accounts;
using Payments.Api.Paging;
using Payments.Api.Payments;
using Payments.Api.Tests.Accounts;

namespace Payments.Api.Tests;

public sealed class ReadSessionTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private static CancellationToken Ended => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_payment_is_read_in_one_round_trip_and_planned_once_in_a_session()
    {
        var id = await fixture.Client.PayAsync("ACC-PLANNED", 100);
        await using var sessions = OneSession();
        var getPayment = new GetPayment(sessions);
        await getPayment.ExecuteAsync(id, Ended);
        await getPayment.ExecuteAsync(id, Ended);

        var trips = await RoundTrips.OfAsync(() => getPayment.ExecuteAsync(id, Ended));

        Assert.Equal(1, trips);
        Assert.Equal((0, 2), await CountPlansAsync(sessions, "%FROM payments AS payment%"));
    }

    [Fact]
    public async Task An_account_its_balance_and_its_entries_are_each_planned_once_in_a_session()
    {
        await LongHistory.AddAsync(fixture.Database, "ACC-READ", 10);
        await using var sessions = OneSession();
        var findAccount = new FindAccount(sessions);
        var getBalance = new GetBalance(sessions, TimeProvider.System);
        var listEntries = new ListEntries(sessions);
        var firstPage = new PageQuery(new DefaultHttpContext().Request);

        for (var i = 0; i < 3; i++)
        {
            var (_, account) = await findAccount.ExecuteAsync("ACC-READ", null, Ended);
            var balance = await getBalance.ExecuteAsync("ACC-READ", account, Ended);
            var entries = await listEntries.ExecuteAsync(
                account[0], new EntryFilter(0, long.MaxValue, Kind: null), cursor: null, firstPage, Ended);
            Assert.Equal((10, 10), (balance.Version, entries.Count));
        }

        Assert.Equal((0, 2), await CountPlansAsync(sessions, "%opened_at%"));
        Assert.Equal((0, 2), await CountPlansAsync(sessions, "%FROM recon_jobs%"));
        Assert.Equal((0, 2), await CountPlansAsync(sessions, "%FROM ledger_entries%"));
    }

    [Fact]
    public async Task A_payment_and_its_refunds_are_of_one_moment()
    {
        var id = await fixture.Client.PayAsync("ACC-MOMENT", 100);
        await using var writer = await fixture.Database.Superuser.OpenConnectionAsync(Ended);
        await using var transaction = await writer.BeginTransactionAsync(Ended);
        await writer.ExecuteAsync("LOCK payments IN ACCESS EXCLUSIVE MODE");

        // The refunds are read, the payment is waited for.
        var reading = fixture.Client.GetJsonAsync($"/payments/{id}");
        await fixture.Database.UntilAsync(Conditions.LockIsWaitedFor);
        await writer.ExecuteAsync(
            """
            SET LOCAL session_replication_role = replica;
            UPDATE payments SET description = 'of a later moment' WHERE id = @id
            """,
            new { id });
        await transaction.CommitAsync(Ended);

        Assert.Equal(JsonValueKind.Null, (await reading).GetProperty("description").ValueKind);
        var later = await fixture.Client.GetJsonAsync($"/payments/{id}");
        Assert.Equal("of a later moment", later.GetProperty("description").GetString());
    }

    [Fact]
    public async Task A_read_that_is_given_up_leaves_its_session_as_it_was()
    {
        var id = await fixture.Client.PayAsync("ACC-GIVEN-UP", 100);
        await using var sessions = OneSession();
        var getPayment = new GetPayment(sessions);
        await getPayment.ExecuteAsync(id, Ended);
        await using (var writer = await fixture.Database.Superuser.OpenConnectionAsync(Ended))
        {
            await using var transaction = await writer.BeginTransactionAsync(Ended);
            await writer.ExecuteAsync("LOCK payments IN ACCESS EXCLUSIVE MODE");
            using var hangUp = new CancellationTokenSource();
            var reading = getPayment.ExecuteAsync(id, hangUp.Token);
            await fixture.Database.UntilAsync(Conditions.LockIsWaitedFor);

            await hangUp.CancelAsync();

            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        }

        await using (var connection = await sessions.OpenAsync(Ended))
        {
            Assert.Equal(
                "read committed", await connection.ExecuteScalarAsync<string>("SHOW transaction_isolation"));
            await connection.ExecuteAsync("CREATE TEMPORARY TABLE written (id int)");
        }

        Assert.Equal(id, (await getPayment.ExecuteAsync(id, Ended))?.Id);
    }

    [Fact]
    public async Task A_limit_of_connections_that_is_set_holds_for_reads_too()
    {
        await using var sessions = OneSession();
        await using var only = await sessions.OpenAsync(Ended);

        var refusal = await Assert.ThrowsAsync<NpgsqlException>(async () => await sessions.OpenAsync(Ended));

        Assert.Contains("pool", refusal.Message, StringComparison.Ordinal);
    }

    private ReadSessions OneSession() => ReadSessions.Create(
        new NpgsqlConnectionStringBuilder(fixture.Database.AppConnectionString) { MaxPoolSize = 1, Timeout = 1 }
            .ConnectionString);

    // A statement is prepared when it is used for the second time: of three uses two are counted.
    private static async Task<(long Custom, long Generic)> CountPlansAsync(ReadSessions sessions, string statement)
    {
        await using var connection = await sessions.OpenAsync(Ended);
        return await connection.QuerySingleAsync<(long, long)>(
            "SELECT custom_plans, generic_plans FROM pg_prepared_statements WHERE statement LIKE @statement",
            new { statement });
    }
}

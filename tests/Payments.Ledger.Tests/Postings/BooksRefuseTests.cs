using Dapper;
using Npgsql;
using Payments.Testing;

namespace Payments.Ledger.Tests.Postings;

/// <summary>
/// What PostgreSQL refuses to write into the books, tried by raw SQL as the services' role and as the tables' owner.
/// </summary>
public sealed class BooksRefuseTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private const string Settled = "00000000-0000-0000-0000-0000000000aa";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // Accounts 1 and 2 in USD with one transaction between them, 3 in EUR; ids are given,
    // so that statements can name them.
    public async ValueTask InitializeAsync() => await database.ExecuteAsync($"""
        INSERT INTO accounts (id, name, currency) OVERRIDING SYSTEM VALUE
        VALUES (1, 'A', 'USD'), (2, 'B', 'USD'), (3, 'A', 'EUR') ON CONFLICT DO NOTHING;
        WITH t AS (
            INSERT INTO ledger_transactions (id, kind, entry_count, account_ids, positions, created_at)
            SELECT '{Settled}', 'payment', 2, ARRAY[1, 2], ARRAY[1, 1], now()
            WHERE NOT EXISTS (SELECT FROM ledger_transactions)
            RETURNING id
        )
        INSERT INTO ledger_entries (account_id, position, amount, balance_after, created_at, transaction_id, currency)
        SELECT e.account, 1, e.amount, e.amount, now(), t.id, 'USD'
        FROM t CROSS JOIN (VALUES (1, -100), (2, 100)) AS e (account, amount)
        """);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public static TheoryData<string, string> WrongPostings => new()
    {
        { "unbalanced", Post("'{1,2}', '{2,2}'", "(1, 2, -100, 'USD'), (2, 2, 99, 'USD')") },
        { "one_sided", Post("'{1,2}', '{2,2}'", "(1, 2, -100, 'USD')") },
        { "balanced_only_across_currencies", Post("'{1,3}', '{2,1}'", "(1, 2, -100, 'USD'), (3, 1, 100, 'EUR')") },
        { "in_another_currency_than_its_account", Post("'{1,3}', '{2,1}'", "(1, 2, -100, 'USD'), (3, 1, 100, 'USD')") },
        {
            "more_entries_than_announced",
            Post("'{1,2}', '{2,2}'", "(1, 2, -100, 'USD'), (2, 2, 50, 'USD'), (2, 3, 50, 'USD')")
        },
        {
            "fewer_entries_than_announced",
            Post("'{1,2,3}', '{2,2,1}'", "(1, 2, -100, 'USD'), (2, 2, 100, 'USD')", count: 3)
        },
        { "other_positions_than_listed", Post("'{1,2}', '{2,2}'", "(1, 2, -100, 'USD'), (2, 3, 100, 'USD')") },
        { "a_zero_entry", Post("'{1,2}', '{2,2}'", "(1, 2, 0, 'USD'), (2, 2, 0, 'USD')") },
        { "an_account_that_does_not_exist", Post("'{1,99}', '{2,1}'", "(1, 2, -100, 'USD'), (99, 1, 100, 'USD')") },
        { "a_position_that_is_taken", Post("'{1,2}', '{1,2}'", "(1, 1, -100, 'USD'), (2, 2, 100, 'USD')") },
        { "a_transaction_without_entries", Transaction("'{1,2}', '{2,2}'") },
        { "a_transaction_that_lists_entries_of_another", Transaction("'{1,2}', '{1,1}'") },
        { "entries_without_a_transaction", Entries("(1, 2, -100, 'USD'), (2, 2, 100, 'USD')", Guid.Empty.ToString()) },
        { "entries_added_later", Entries("(1, 2, -100, 'USD'), (2, 2, 100, 'USD')", Settled) },
        { "one_of_the_listed_entries_again", Entries("(1, 1, -100, 'USD'), (2, 1, 100, 'USD')", Settled) },
    };

    public static TheoryData<string> Changes =>
    [
        "UPDATE ledger_entries SET amount = amount",
        "UPDATE ledger_entries SET balance_after = 0 WHERE account_id = 1",
        "DELETE FROM ledger_entries",
        "DELETE FROM ledger_entries WHERE false",
        "TRUNCATE ledger_entries",
        "UPDATE ledger_transactions SET kind = 'refund'",
        "DELETE FROM ledger_transactions",
        "TRUNCATE ledger_transactions",
        "TRUNCATE ledger_transactions, ledger_entries CASCADE",
        """
        MERGE INTO ledger_entries AS e USING (VALUES (1)) AS v (account_id) ON e.account_id = v.account_id
        WHEN MATCHED THEN UPDATE SET amount = 1
        """,
        $"""
        INSERT INTO ledger_entries (account_id, position, amount, balance_after, created_at, transaction_id, currency)
        VALUES (1, 1, -1, -1, now(), '{Settled}', 'USD') ON CONFLICT (account_id, position) DO UPDATE SET amount = -1
        """,
    ];

    [Theory]
    [MemberData(nameof(WrongPostings))]
    public async Task Neither_the_services_nor_the_owner_can_post(string what, string sql)
    {
        Assert.All(await RefusalsAsync(sql), refusal => Assert.True(
            refusal.SqlState is PostgresErrorCodes.CheckViolation or PostgresErrorCodes.UniqueViolation,
            $"{what}: {refusal.SqlState} {refusal.MessageText}"));
        await TheBooksAreAsTheyWereAsync();
    }

    // Everything that the trigger would look for is there, in tables of the session that have the same names.
    [Theory]
    [InlineData("ledger_entries_listed", """
        CREATE TEMPORARY TABLE ledger_transactions (
            id uuid PRIMARY KEY, entry_count smallint, account_ids bigint[], positions bigint[]);
        INSERT INTO pg_temp.ledger_transactions
        VALUES ('00000000-0000-0000-0000-0000000000bb', 2, '{1,2}', '{2,2}');
        INSERT INTO public.ledger_entries
        SELECT e.account_id, 2, e.amount, 0, now(), '00000000-0000-0000-0000-0000000000bb', 'USD'
        FROM (VALUES (1, -100), (2, 100)) AS e (account_id, amount)
        """)]
    [InlineData("ledger_transactions_have_entries", """
        CREATE TEMPORARY TABLE ledger_entries (
            account_id bigint, position bigint, transaction_id uuid, PRIMARY KEY (account_id, position));
        INSERT INTO pg_temp.ledger_entries VALUES (1, 999, '00000000-0000-0000-0000-0000000000bb');
        INSERT INTO public.ledger_transactions (id, kind, entry_count, account_ids, positions, created_at)
        SELECT '00000000-0000-0000-0000-0000000000bb', 'payment', 2, '{1,2}', '{999,999}', now()
        """)]
    [InlineData("ledger_entries_in_account_currency", """
        CREATE TEMPORARY TABLE accounts (id bigint PRIMARY KEY, currency text);
        INSERT INTO pg_temp.accounts VALUES (1, 'USD'), (3, 'USD');
        WITH t AS (
            INSERT INTO public.ledger_transactions (id, kind, entry_count, account_ids, positions, created_at)
            SELECT '00000000-0000-0000-0000-0000000000bb', 'payment', 2, '{1,3}', '{2,1}', now()
        )
        INSERT INTO public.ledger_entries
        SELECT e.account_id, e.position, e.amount, 0, now(), '00000000-0000-0000-0000-0000000000bb', 'USD'
        FROM (VALUES (1, 2, -100), (3, 1, 100)) AS e (account_id, position, amount)
        """)]
    public async Task A_temporary_table_does_not_stand_for_the_books(string rule, string sql)
    {
        // The right to make one is taken from the services, but of a copied database everybody has it again.
        var refusals = await RefusalsAsync(sql);

        Assert.All(refusals, refusal => Assert.Equal(rule, refusal.ConstraintName));
        await TheBooksAreAsTheyWereAsync();
    }

    [Fact]
    public async Task A_temporary_table_does_not_stand_for_the_queue_of_sealing()
    {
        var unsealed = await database.ScalarAsync<long>("SELECT count(*) FROM audit_unsealed");

        await RunAsync(database.App, """
            CREATE TEMPORARY TABLE audit_unsealed (event_id uuid) ON COMMIT DROP;
            GRANT ALL ON pg_temp.audit_unsealed TO PUBLIC;
            INSERT INTO public.audit_events (id, created_at, actor, action, object_type, object_id, outcome)
            VALUES (gen_random_uuid(), now(), 'somebody', 'books.tried', 'ledger', '1', 'succeeded')
            """);

        Assert.Equal(unsealed + 1, await database.ScalarAsync<long>("SELECT count(*) FROM audit_unsealed"));
    }

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task Neither_the_services_nor_the_owner_can_change_what_was_posted(string sql)
    {
        var refusals = await RefusalsAsync(sql);

        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refusals[0].SqlState);
        Assert.Equal(PostgresErrorCodes.RestrictViolation, refusals[1].SqlState);
        Assert.Equal("ledger_is_immutable", refusals[1].ConstraintName);
        await TheBooksAreAsTheyWereAsync();
    }

    [Fact]
    public async Task A_copy_into_the_entries_is_checked_like_any_insert()
    {
        await using var connection = await database.App.OpenConnectionAsync(Cancel);
        await using var import = await connection.BeginBinaryImportAsync(
            """
            COPY ledger_entries (account_id, position, amount, balance_after, created_at, transaction_id, currency)
            FROM STDIN (FORMAT binary)
            """,
            Cancel);
        await import.WriteRowAsync(Cancel, 1L, 2L, -100L, -200L, DateTime.UnixEpoch, Guid.Parse(Settled), "USD");

        var refusal = await Assert.ThrowsAsync<PostgresException>(async () => await import.CompleteAsync(Cancel));

        Assert.Equal("ledger_entries_balanced", refusal.ConstraintName);
    }

    [Theory]
    [InlineData("ALTER TABLE ledger_entries DISABLE TRIGGER ALL")]
    [InlineData("DROP TRIGGER ledger_entries_must_balance ON ledger_entries")]
    [InlineData("SET session_replication_role = replica")]
    [InlineData("UPDATE accounts SET name = 'B2' WHERE id = 2")]
    [InlineData("UPDATE accounts SET currency = 'EUR' WHERE id = 2")]
    [InlineData("UPDATE accounts SET minimum_balance = 0 WHERE id = 2")]
    [InlineData("DELETE FROM accounts")]
    [InlineData("UPDATE payments SET amount = 1")]
    [InlineData("UPDATE payments SET payee_account = 'X'")]
    [InlineData("DELETE FROM payments")]
    [InlineData("DELETE FROM recon_jobs")]
    [InlineData("UPDATE recon_jobs SET amount = 1")]
    [InlineData("UPDATE reconciliation_results SET matched = true")]
    [InlineData("DELETE FROM reconciliation_results")]
    [InlineData("INSERT INTO api_keys SELECT")]
    [InlineData("CREATE TABLE mine (id int)")]
    [InlineData("SET ROLE payments_owner")]
    public async Task The_services_have_no_right_to(string sql)
    {
        var refusal = await Assert.ThrowsAsync<PostgresException>(() => RunAsync(database.App, sql));

        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refusal.SqlState);
    }

    private static string Post(string lists, string entries, int count = 2) => $"""
        WITH t AS (
            INSERT INTO ledger_transactions (id, kind, entry_count, account_ids, positions, created_at)
            SELECT '00000000-0000-0000-0000-0000000000bb', 'payment', {count}, {lists}, now()
        )
        {Entries(entries, "00000000-0000-0000-0000-0000000000bb")}
        """;

    private static string Transaction(string lists) => $"""
        INSERT INTO ledger_transactions (id, kind, entry_count, account_ids, positions, created_at)
        SELECT '00000000-0000-0000-0000-0000000000bb', 'payment', 2, {lists}, now()
        """;

    private static string Entries(string entries, string transactionId) => $"""
        INSERT INTO ledger_entries (account_id, position, amount, balance_after, created_at, transaction_id, currency)
        SELECT e.account_id, e.position, e.amount, 0, now(), '{transactionId}', e.currency
        FROM (VALUES {entries}) AS e (account_id, position, amount, currency)
        """;

    /// <summary>The answers to the statement: first as payments_app, then as payments_owner.</summary>
    private async Task<IReadOnlyList<PostgresException>> RefusalsAsync(string sql) =>
    [
        await Assert.ThrowsAsync<PostgresException>(() => RunAsync(database.App, sql)),
        await Assert.ThrowsAsync<PostgresException>(
            () => RunAsync(database.Superuser, $"SET LOCAL ROLE payments_owner; {sql}")),
    ];

    private static async Task RunAsync(NpgsqlDataSource source, string sql)
    {
        await using var connection = await source.OpenConnectionAsync(Cancel);
        await using var transaction = await connection.BeginTransactionAsync(Cancel);
        await connection.ExecuteAsync(new CommandDefinition(sql, transaction: transaction, cancellationToken: Cancel));
        await transaction.CommitAsync(Cancel);
    }

    private async Task TheBooksAreAsTheyWereAsync() =>
        Assert.Equal([(1L, -100L), (2L, 100L)], await database.QueryAsync<(long, long)>(
            "SELECT account_id, amount FROM ledger_entries ORDER BY account_id, position"));
}

using System.Globalization;
using Npgsql;
using Payments.Ledger;
using Payments.Ledger.Jobs;

namespace Payments.Api.Payments;

/// <summary>The intake's connection and its two statements.</summary>
/// <remarks>
/// The insert is prepared, which saves a quarter of its cost when batches are small. Its plan cannot go bad: the
/// session leaves it no join but the hash join, whatever number of rows it expects, and no way to the payers of
/// transfers but the index. The look-up joins a table, and is planned each time.
/// </remarks>
internal sealed class IntakeSession(NpgsqlDataSource database) : IAsyncDisposable
{
    private const int CommandTimeoutSeconds = 10;

    private NpgsqlConnection? _connection;
    private int _keyWaitMilliseconds;

    /// <summary>
    /// Inserts payments and jobs in one transaction, commits, and completes the items that were inserted. Returns the
    /// others, whose keys are taken.
    /// </summary>
    public async Task<IReadOnlyList<IntakeItem>> InsertAsync(IReadOnlyList<IntakeItem> items, int keyWaitMilliseconds)
    {
        var connection = await OpenAsync(keyWaitMilliseconds);
        await using var command = new NpgsqlCommand(InsertSql, connection) { CommandTimeout = CommandTimeoutSeconds };
        AddParameters(command.Parameters, items);

        // Asks the server the first time only.
        await command.PrepareAsync();

        // In the order of sending a set of ids is needed only when some are missing.
        var inserted = new List<Guid>(items.Count);
        await using (var reader = await command.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync())
            {
                inserted.Add(reader.GetFieldValue<Guid>(0));
            }

            // The rows come before the commit does: only the end of the answer says that it is done.
            await reader.NextResultAsync();
        }

        if (inserted.Count == items.Count)
        {
            foreach (var item in items)
            {
                item.CompleteWith(item.Payment);
            }

            return [];
        }

        return CompleteInserted(items, inserted);
    }

    /// <summary>
    /// The payments that hold the items' keys, in the order of the items; null where no payment does.
    /// </summary>
    public async Task<NewPayment?[]> LookUpAsync(IntakeItem[] items)
    {
        var connection = await OpenAsync(_keyWaitMilliseconds);
        await using var command = new NpgsqlCommand(LookUpSql, connection) { CommandTimeout = CommandTimeoutSeconds };
        Add(command.Parameters, items, item => item.Payment.OwnerId);
        Add(command.Parameters, items, item => item.Payment.IdempotencyKey);
        Add(command.Parameters, items, item => item.Payment.Kind);

        var found = new NewPayment?[items.Length];
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            var place = (int)reader.GetInt64(0) - 1;
            var asked = items[place].Payment;
            found[place] = new NewPayment(
                reader.GetFieldValue<Guid>(1),
                asked.OwnerId,
                asked.IdempotencyKey,
                reader.GetFieldValue<byte[]>(2),
                reader.GetString(3),
                new Money(reader.GetInt64(4), Currency.Get(reader.GetString(5))),
                await reader.IsDBNullAsync(6) ? null : reader.GetString(6),
                reader.GetFieldValue<DateTimeOffset>(7),
                await reader.IsDBNullAsync(8) ? null : reader.GetFieldValue<Guid>(8),
                Traceparent: null)
            {
                PayerAccount = await reader.IsDBNullAsync(9) ? null : reader.GetString(9),
            };
        }

        return found;
    }

    /// <summary>Gives up the connection, whose state is not known; the next statement opens another.</summary>
    public async Task CloseAsync()
    {
        if (_connection is { } connection)
        {
            _connection = null;
            await connection.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync() => await CloseAsync();

    private static List<IntakeItem> CompleteInserted(IReadOnlyList<IntakeItem> items, List<Guid> inserted)
    {
        var ids = inserted.ToHashSet();
        var others = new List<IntakeItem>(items.Count - inserted.Count);
        foreach (var item in items)
        {
            if (ids.Contains(item.Payment.Id))
            {
                item.CompleteWith(item.Payment);
            }
            else
            {
                others.Add(item);
            }
        }

        return others;
    }

    private async Task<NpgsqlConnection> OpenAsync(int keyWaitMilliseconds)
    {
        if (_connection is not { State: System.Data.ConnectionState.Open })
        {
            await CloseAsync();
            _connection = await database.OpenConnectionAsync();
            _keyWaitMilliseconds = 0;
            await using var settings = new NpgsqlCommand(SessionSql, _connection);
            await settings.ExecuteNonQueryAsync();
        }

        if (_keyWaitMilliseconds != keyWaitMilliseconds)
        {
            await using var command = new NpgsqlCommand("SELECT set_config('lock_timeout', $1, false)", _connection);
            command.Parameters.Add(new NpgsqlParameter<string>
            {
                TypedValue = keyWaitMilliseconds.ToString(CultureInfo.InvariantCulture),
            });
            await command.ExecuteNonQueryAsync();
            _keyWaitMilliseconds = keyWaitMilliseconds;
        }

        return _connection;
    }

    private static void AddParameters(NpgsqlParameterCollection parameters, IReadOnlyList<IntakeItem> items)
    {
        Add(parameters, items, item => item.Payment.Id);
        Add(parameters, items, item => item.Payment.Amount.Minor);
        Add(parameters, items, item => item.Payment.CreatedAt.UtcDateTime);
        Add(parameters, items, item => item.Payment.OwnerId);
        Add(parameters, items, item => item.Payment.TraceId);
        Add(parameters, items, item => item.Payment.Fingerprint);
        Add(parameters, items, item => item.Payment.Amount.Currency.Code);
        Add(parameters, items, item => item.Payment.PayeeAccount);
        Add(parameters, items, item => item.Payment.IdempotencyKey);
        Add(parameters, items, item => item.Payment.Description);
        Add(parameters, items, item => Division.Of(item.Payment.PayeeAccount));
        Add(parameters, items, item => item.Payment.PayerAccount);
        Add(parameters, items, item => item.Payment.PayerAccount is { } payer ? Division.Of(payer) : (short)0);
        Add(parameters, items, item => item.Payment.Traceparent);
    }

    private static void Add<T>(
        NpgsqlParameterCollection parameters, IReadOnlyList<IntakeItem> items, Func<IntakeItem, T> value)
    {
        var values = new T[items.Count];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = value(items[i]);
        }

        parameters.Add(new NpgsqlParameter<T[]> { TypedValue = values });
    }

    private const string SessionSql = """
        SET plan_cache_mode = force_generic_plan;
        SET enable_nestloop = off;
        SET enable_mergejoin = off;
        SET enable_seqscan = off
        """;

    // Keys are inserted in order: two processes that are sent the same keys then wait for each other one after the
    // other, and never in a circle. Jobs are inserted in the order of arrival, which their sequence records.
    // A transfer out of an account with a minimum balance is queued in its payer's division, behind what is paid into
    // that account. It is looked up here because that costs no round trip and is never stale; should the account be
    // opened at this very moment, settlement's locks still keep its minimum.
    private const string InsertSql = """
        WITH arrived AS (
            SELECT id, amount, created_at, owner_id, trace_id, fingerprint, currency, payee_account, payer_account,
                idempotency_key, description, traceparent, arrival,
                CASE WHEN payer_account IS NULL THEN 'payment' ELSE 'transfer' END AS kind,
                CASE
                    WHEN payer_account IS NULL THEN division
                    WHEN (
                        SELECT payer.minimum_balance IS NOT NULL
                        FROM accounts AS payer
                        WHERE payer.name = given.payer_account AND payer.currency = given.currency
                    ) THEN payer_division
                    ELSE division
                END AS division
            FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) WITH ORDINALITY
                AS given (id, amount, created_at, owner_id, trace_id, fingerprint, currency, payee_account,
                    idempotency_key, description, division, payer_account, payer_division, traceparent, arrival)
        ),
        created AS (
            INSERT INTO payments (id, amount, created_at, owner_id, trace_id, fingerprint, kind, currency,
                payee_account, payer_account, idempotency_key, description)
            SELECT id, amount, created_at, owner_id, trace_id, fingerprint, kind, currency, payee_account,
                payer_account, idempotency_key, description
            FROM arrived
            ORDER BY owner_id, idempotency_key COLLATE "C", kind COLLATE "C"
            ON CONFLICT (owner_id, idempotency_key, kind) DO NOTHING
            RETURNING id
        ),
        queued AS (
            INSERT INTO recon_jobs (id, payment_id, amount, division, kind, currency, payee_account, payer_account,
                traceparent)
            SELECT arrived.id, arrived.id, amount, division, kind, currency, payee_account, payer_account, traceparent
            FROM arrived
            JOIN created ON created.id = arrived.id
            ORDER BY arrival
        )
        SELECT id
        FROM created
        """;

    // LIMIT makes each key a probe of the unique index, however large the table is believed to be.
    private const string LookUpSql = """
        SELECT asked.place, original.id, original.fingerprint, original.payee_account, original.amount,
            original.currency, original.description, original.created_at, original.trace_id, original.payer_account
        FROM unnest($1, $2, $3) WITH ORDINALITY AS asked (owner_id, idempotency_key, kind, place)
        CROSS JOIN LATERAL (
            SELECT id, fingerprint, payee_account, payer_account, amount, currency, description, created_at, trace_id
            FROM payments
            WHERE owner_id = asked.owner_id AND idempotency_key = asked.idempotency_key AND kind = asked.kind
            LIMIT 1
        ) AS original
        """;
}

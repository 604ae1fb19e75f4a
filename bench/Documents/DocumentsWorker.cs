using System.Runtime.InteropServices;
using Npgsql;
using NpgsqlTypes;

namespace Payments.Bench.Documents;

/// <summary>
/// The documents' worker at its best: one payment a transaction in nine statements, every statement prepared, and no
/// sleep between jobs. Several of them are several processes.
/// </summary>
internal sealed class DocumentsWorker : IAsyncDisposable
{
    /// <summary>The argument that makes this program run as that worker; a connection string follows.</summary>
    public const string Command = "documents-worker";

    private static readonly TimeSpan EmptyDelay = TimeSpan.FromMilliseconds(1);

    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlCommand _claim;
    private readonly NpgsqlCommand _start;
    private readonly NpgsqlCommand _read;
    private readonly NpgsqlCommand _insertResult;
    private readonly NpgsqlCommand _updatePayment;
    private readonly NpgsqlCommand _readBalance;
    private readonly NpgsqlCommand _insertEntry;
    private readonly NpgsqlCommand _updateBalance;
    private readonly NpgsqlCommand _finish;

    private DocumentsWorker(NpgsqlConnection connection)
    {
        _connection = connection;
        _claim = new NpgsqlCommand(ClaimSql, connection);
        _start = With(StartSql, NpgsqlDbType.Uuid, NpgsqlDbType.Text);
        _read = With(ReadSql, NpgsqlDbType.Uuid);
        _insertResult = With(
            InsertResultSql, NpgsqlDbType.Uuid, NpgsqlDbType.Boolean, NpgsqlDbType.Text, NpgsqlDbType.Numeric);
        _updatePayment = With(UpdatePaymentSql, NpgsqlDbType.Uuid, NpgsqlDbType.Text);
        _readBalance = With(ReadBalanceSql, NpgsqlDbType.Text);
        _insertEntry = With(
            InsertEntrySql, NpgsqlDbType.Text, NpgsqlDbType.Uuid, NpgsqlDbType.Numeric, NpgsqlDbType.Numeric);
        _updateBalance = With(UpdateBalanceSql, NpgsqlDbType.Text, NpgsqlDbType.Numeric);
        _finish = With(FinishSql, NpgsqlDbType.Uuid);
    }

    private IEnumerable<NpgsqlCommand> Commands =>
    [
        _claim, _start, _read, _insertResult, _updatePayment, _readBalance, _insertEntry, _updateBalance, _finish,
    ];

    /// <summary>Settles until the process is asked to end.</summary>
    public static async Task<int> RunAsync(string connectionString)
    {
        using var stopping = new CancellationTokenSource();
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Stop(context, stopping));
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Stop(context, stopping));

        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(stopping.Token);
        await using var worker = new DocumentsWorker(connection);
        foreach (var command in worker.Commands)
        {
            await command.PrepareAsync(stopping.Token);
        }

        Console.WriteLine("ready");
        while (!stopping.IsCancellationRequested)
        {
            if (!await worker.SettleOneAsync())
            {
                await Task.Delay(EmptyDelay, stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        return 0;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var command in Commands)
        {
            await command.DisposeAsync();
        }
    }

    private static void Stop(PosixSignalContext context, CancellationTokenSource stopping)
    {
        context.Cancel = true;
        stopping.Cancel();
    }

    /// <returns>False when no job was waiting.</returns>
    private async Task<bool> SettleOneAsync()
    {
        await using var transaction = await _connection.BeginTransactionAsync();
        if (await ReadRowAsync(_claim, row => (Job: row.GetGuid(0), Payment: row.GetGuid(1))) is not { } claimed)
        {
            return false;
        }

        await ExecuteAsync(_start, claimed.Job, Environment.MachineName);
        var (account, amount) = (await ReadRowAsync(
            _read, row => (row.GetString(0), row.GetDecimal(1)), claimed.Payment))!.Value;

        var (status, matched, discrepancy) = Decide(amount);
        await ExecuteAsync(_insertResult, claimed.Payment, matched, status, (object?)discrepancy ?? DBNull.Value);
        await ExecuteAsync(_updatePayment, claimed.Payment, status);
        if (status != "failed")
        {
            var balance = await ReadRowAsync(_readBalance, row => row.GetDecimal(0), account) ?? 0;
            await ExecuteAsync(_insertEntry, account, claimed.Payment, amount, balance + amount);
            await ExecuteAsync(_updateBalance, account, amount);
        }

        await ExecuteAsync(_finish, claimed.Job);
        await transaction.CommitAsync();
        return true;
    }

    private static (string Status, bool Matched, decimal? Discrepancy) Decide(decimal amount) => amount switch
    {
        <= 0 => ("failed", false, null),
        _ when amount % 1 == 0.13m => ("completed_with_discrepancy", false, 0.13m),
        _ => ("completed", true, null),
    };

    private NpgsqlCommand With(string sql, params ReadOnlySpan<NpgsqlDbType> types)
    {
        var command = new NpgsqlCommand(sql, _connection);
        foreach (var type in types)
        {
            command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = type });
        }

        return command;
    }

    private static async Task ExecuteAsync(NpgsqlCommand command, params object[] values)
    {
        Set(command, values);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<T?> ReadRowAsync<T>(
        NpgsqlCommand command, Func<NpgsqlDataReader, T> map, params object[] values)
        where T : struct
    {
        Set(command, values);
        await using var reader = await command.ExecuteReaderAsync();
        return await reader.ReadAsync() ? map(reader) : null;
    }

    private static void Set(NpgsqlCommand command, object[] values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            command.Parameters[i].Value = values[i];
        }
    }

    private const string ClaimSql = """
        SELECT id, payment_id
        FROM recon_jobs
        WHERE status = 'pending'
        ORDER BY created_at ASC
        LIMIT 1
        FOR UPDATE SKIP LOCKED
        """;

    private const string StartSql = """
        UPDATE recon_jobs
        SET status = 'processing', locked_by = $2, locked_at = now(), attempts = attempts + 1
        WHERE id = $1
        """;

    private const string ReadSql = "SELECT account_id, amount FROM payments WHERE id = $1";

    private const string InsertResultSql = """
        INSERT INTO reconciliation_results (payment_id, matched, status, discrepancy)
        VALUES ($1, $2, $3, $4)
        """;

    private const string UpdatePaymentSql = "UPDATE payments SET status = $2, updated_at = now() WHERE id = $1";

    // Locked, or two workers would lose one of two postings to an account.
    private const string ReadBalanceSql = "SELECT balance FROM accounts WHERE id = $1 FOR UPDATE";

    private const string InsertEntrySql = """
        INSERT INTO ledger_entries (account_id, payment_id, direction, amount, balance_after)
        VALUES ($1, $2, 'credit', $3, $4)
        """;

    private const string UpdateBalanceSql = """
        INSERT INTO accounts (id, balance) VALUES ($1, $2)
        ON CONFLICT (id) DO UPDATE SET balance = accounts.balance + excluded.balance, updated_at = now()
        """;

    private const string FinishSql = "UPDATE recon_jobs SET status = 'completed', updated_at = now() WHERE id = $1";
}

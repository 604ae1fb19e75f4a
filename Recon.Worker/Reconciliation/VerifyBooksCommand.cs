using Dapper;
using Npgsql;
using Payments.Ledger;
using Payments.Ledger.Audit;
using Payments.Ledger.Migrations;
using Recon.Worker.Reconciliation.Checks;

namespace Recon.Worker.Reconciliation;

/// <summary>
/// <c>Recon.Worker verify-books</c>: makes every check that needs the database alone, verifies the audit trail, and
/// says on standard output what it found, and by its exit code whether all of it is right. It settles nothing, asks no
/// provider, tells nobody and writes nothing: for a database that was restored and has no worker yet.
/// </summary>
internal static class VerifyBooksCommand
{
    public const string Name = "verify-books";

    // Of each check; the first ones tell what to look at, and a run records the rest.
    private const int MostBreaksShown = 10;

    /// <returns>0 when the books are right and the audit trail is intact, else 1.</returns>
    public static Task<int> RunAsync(string[] args) => RunAsync(args, Console.Out);

    internal static async Task<int> RunAsync(string[] args, TextWriter output)
    {
        // Only its settings are used; of the two kinds of builders this one knows the environment as the worker does.
        var builder = WebApplication.CreateBuilder(args);
        builder.Configuration.AddPostgresVariables("payments");
        var audit = builder.Configuration.GetSection(AuditOptions.Section).Get<AuditOptions>() ?? new AuditOptions();
        var connectionString = builder.Configuration.GetConnectionString("payments");
        var complaint = string.IsNullOrWhiteSpace(connectionString)
            ? "ConnectionStrings:payments (environment: ConnectionStrings__payments) is not set."
            : audit.CheckForVerifying();
        if (complaint is not null)
        {
            await output.WriteLineAsync($"{Name}: {complaint}");
            return 1;
        }

        try
        {
            await using var database = OpenToRead(connectionString!);
            return await VerifyAsync(database, audit, output, CancellationToken.None);
        }
        catch (Exception e) when (e is NpgsqlException or ArgumentException or TimeoutException)
        {
            await output.WriteLineAsync($"{Name}: the database cannot tell: {e.Message}");
            return 1;
        }
    }

    // The server refuses whatever would write.
    private static NpgsqlDataSource OpenToRead(string connectionString)
    {
        var session = new NpgsqlConnectionStringBuilder(connectionString);
        session.Options = (session.Options + " -c default_transaction_read_only=on").Trim();
        return NpgsqlDataSource.Create(session);
    }

    private static async Task<int> VerifyAsync(
        NpgsqlDataSource database, AuditOptions audit, TextWriter output, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        var version = await connection.ExecuteScalarAsync<int>(
            new CommandDefinition(Migrator.VersionSql, cancellationToken: cancel));
        if (version != Migrator.Version)
        {
            var remedy = version < Migrator.Version ? "migrate first" : "take the program of that version";
            await output.WriteLineAsync(FormattableString.Invariant(
                $"{Name}: the schema is at version {version}, this program is of {Migrator.Version}: {remedy}."));
            return 1;
        }

        var isRight = true;
        foreach (var check in CheckServices.OfBooks(CheckPace.OfRuns, TimeProvider.System))
        {
            var result = await CheckTurn.ReadAsync(connection, check, cancel);
            isRight &= await DescribeAsync(check.CheckType, result, output);
        }

        using var checkpoints = audit.OpenForVerifying();
        var trail = await new VerifyAudit(database, checkpoints, TimeProvider.System) { ExpectsSeals = false }
            .ExecuteAsync(cancel);
        await output.WriteLineAsync(Describe(trail));
        isRight &= trail.Intact;
        await output.WriteLineAsync(isRight ? "✅ THE BOOKS ARE RIGHT" : "❌ THE BOOKS ARE NOT RIGHT");
        return isRight ? 0 : 1;
    }

    private static async Task<bool> DescribeAsync(string checkType, CheckResult result, TextWriter output)
    {
        var verdict = CheckVerdict.Of(result);
        await output.WriteLineAsync(
            Line(checkType, verdict.Status == CheckVerdict.Passed)
            + FormattableString.Invariant($"{verdict.Status}, {verdict.ItemsChecked} checked")
            + (verdict.Reason is { } reason ? ": " + reason : ""));
        foreach (var one in result.Breaks.Take(MostBreaksShown))
        {
            await output.WriteLineAsync($"   {one.Description}");
        }

        return verdict.Status == CheckVerdict.Passed;
    }

    private static string Describe(AuditVerification trail)
    {
        var against = trail.Checkpoints is { } count
            ? FormattableString.Invariant($"{count} checkpoints up to {trail.CheckpointedTo}")
            : "no checkpoints (Audit:CheckpointDirectory), so that a cut-off tail cannot be seen";
        var verdict = trail.Damage is { } damage
            ? FormattableString.Invariant($"{damage.Kind} at {damage.FirstBadSequence}")
            : "intact";
        return Line("audit_trail", trail.Intact)
            + FormattableString.Invariant($"{verdict}, {trail.Sealed} sealed, {trail.Waiting} waiting, {against}, ")
            + FormattableString.Invariant($"{trail.Restores} restores accepted")
            + (trail.Damage is { } found ? "\n   " + found.Detail : "");
    }

    private static string Line(string what, bool isRight) => $"{(isRight ? "✅" : "❌")} {what,-18} ";
}

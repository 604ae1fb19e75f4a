using Npgsql;
using Payments.Ledger.Audit;

namespace Payments.Api.Audit;

/// <summary>
/// <c>Payments.Api accept-restore --reason TEXT</c>: says that the database was restored to an earlier point on
/// purpose, so that the audit trail is no longer taken for one that was cut off. Needs the place of the checkpoints, to
/// write there, and the public key.
/// </summary>
internal static class AcceptRestoreCommand
{
    public const string Name = "accept-restore";

    private const int LongestReason = 500;

    /// <returns>0 when it was accepted, or there was nothing to accept; else 1.</returns>
    public static Task<int> RunAsync(string[] args) => RunAsync(args, Console.Out);

    internal static async Task<int> RunAsync(string[] args, TextWriter output)
    {
        // Only its settings are used; of the two kinds of builders this one knows the environment as the API does.
        var builder = WebApplication.CreateBuilder(args);
        var (options, connectionString, complaint) = VerifyAuditCommand.FindSettings(builder);
        var reason = builder.Configuration["reason"]?.Trim() ?? "";
        complaint ??= reason is { Length: 0 or > LongestReason }
                ? $"say why the database was restored: --reason TEXT, in at most {LongestReason} characters."
            : options.CheckpointDirectory is null
                ? "no checkpoints are kept (Audit:CheckpointDirectory): without them no restore is seen, or in the way."
            : null;
        if (complaint is not null)
        {
            await output.WriteLineAsync($"{Name}: {complaint}");
            return 1;
        }

        try
        {
            using var checkpoints = options.OpenForVerifying()!;
            await using var database = NpgsqlDataSource.Create(connectionString!);
            var clock = TimeProvider.System;
            var result = await new AcceptRestore(database, checkpoints, new AuditLog(clock), clock).ExecuteAsync(
                new AuditActor($"command line ({Environment.UserName})"), reason, CancellationToken.None);
            return await DescribeAsync(result, output);
        }
        catch (Exception e) when (e is NpgsqlException or ArgumentException or TimeoutException)
        {
            await output.WriteLineAsync($"{Name}: the database cannot tell: {e.Message}");
            return 1;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            await output.WriteLineAsync($"{Name}: checkpoints could not be put aside, run it again: {e.Message}");
            return 1;
        }
    }

    private static async Task<int> DescribeAsync(AcceptRestoreResult result, TextWriter output)
    {
        var (code, text) = result switch
        {
            AcceptRestoreResult.Accepted it => (0, FormattableString.Invariant(
                $"""
                Accepted: the audit trail goes on after event {it.Kept}. It had been signed up to {it.SignedTo}.
                The event {AcceptRestore.Action} records it. Keep the checkpoints that were put into '{it.Place}'.
                """)),
            AcceptRestoreResult.NoRestore { Found.Intact: true } =>
                (0, "There is nothing to accept: the audit trail is intact."),
            AcceptRestoreResult.NoRestore { Found.Damage: { } other } => (1, FormattableString.Invariant(
                $"{Name}: no restore leaves such damage: {other.Kind} at {other.FirstBadSequence}. {other.Detail}")),
            _ => (1, $"{Name}: a worker seals the trail at this moment; run it again, best while no worker runs."),
        };
        await output.WriteLineAsync(text);
        return code;
    }
}

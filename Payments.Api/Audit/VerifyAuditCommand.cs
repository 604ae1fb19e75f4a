using Npgsql;
using Payments.Ledger.Audit;

namespace Payments.Api.Audit;

/// <summary>
/// <c>Payments.Api verify-audit</c>: computes the audit chain again and says on standard output what it found, and by
/// its exit code whether the trail is intact.
/// </summary>
internal static class VerifyAuditCommand
{
    public const string Name = "verify-audit";

    /// <returns>0 when the trail is intact, else 1.</returns>
    public static Task<int> RunAsync(string[] args) => RunAsync(args, Console.Out);

    internal static async Task<int> RunAsync(string[] args, TextWriter output)
    {
        // Only its settings are used; of the two kinds of builders this one knows the environment as the API does.
        var builder = WebApplication.CreateBuilder(args);
        var (options, connectionString, complaint) = FindSettings(builder);
        if (complaint is not null)
        {
            await output.WriteLineAsync($"{Name}: {complaint}");
            return 1;
        }

        try
        {
            using var checkpoints = options.OpenForVerifying();
            await using var database = NpgsqlDataSource.Create(connectionString!);
            var found = await new VerifyAudit(database, checkpoints, TimeProvider.System)
                .ExecuteAsync(CancellationToken.None);
            await output.WriteAsync(Describe(found));
            return found.Intact ? 0 : 1;
        }
        catch (Exception e) when (e is NpgsqlException or ArgumentException or TimeoutException)
        {
            await output.WriteLineAsync($"{Name}: the database cannot tell: {e.Message}");
            return 1;
        }
    }

    /// <summary>Which database, and against which checkpoints; or what is wrong with the settings.</summary>
    internal static (AuditOptions Options, string? ConnectionString, string? Complaint) FindSettings(
        WebApplicationBuilder builder)
    {
        var options = builder.Configuration.GetSection(AuditOptions.Section).Get<AuditOptions>() ?? new AuditOptions();
        var (connectionString, complaint) = CommandDatabase.Find(
            builder.Configuration, builder.Environment, superuser: false);
        if (options.CheckpointDirectory is null && UsesDevelopmentRun(builder)
            && DevelopmentCheckpoints.Find(builder.Environment.ContentRootPath) is { } kept)
        {
            (options.CheckpointDirectory, options.VerifyKeyFile) = kept;
        }

        return (options, connectionString, complaint ?? options.CheckForVerifying());
    }

    // The database of the AppHost's development run, by default: its checkpoints are known, too.
    private static bool UsesDevelopmentRun(WebApplicationBuilder builder) =>
        builder.Environment.IsDevelopment()
        && string.IsNullOrWhiteSpace(builder.Configuration.GetConnectionString("payments"));

    private static string Describe(AuditVerification found)
    {
        var checkpoints = found.Checkpoints is { } count
            ? FormattableString.Invariant($"{count}, up to event {found.CheckpointedTo}")
            : "none are kept (Audit:CheckpointDirectory): a cut-off tail cannot be seen";
        var verdict = found.Damage is { } damage
            ? FormattableString.Invariant(
                $"❌ DAMAGED at {damage.FirstBadSequence}: {damage.Kind}\n   {damage.Detail}\n")
            : "✅ THE AUDIT TRAIL IS INTACT\n";
        return FormattableString.Invariant(
            $"""
            sealed events  {found.Sealed}
            head           {found.Head ?? "none"}
            not sealed yet {found.Waiting}
            checkpoints    {checkpoints}
            restores       {found.Restores} accepted

            """) + verdict;
    }
}

using System.ComponentModel.DataAnnotations;
using Npgsql;

namespace Recon.Worker;

/// <summary>What an operator may set, under <c>Worker:</c>; a process with a bad setting does not come up.</summary>
internal sealed class WorkerOptions
{
    public const string Section = "Worker";

    // More than a worker has.
    private const int PreparedStatements = 40;

    /// <summary>Payments that one transaction settles at the most.</summary>
    [Range(1, 5_000)]
    public int BatchSize { get; set; } = 1_000;

    /// <summary>
    /// How long a claim holds, by the database's clock; what a dead worker held is due again after it.
    /// </summary>
    [Range(1, 600)]
    public double LeaseSeconds { get; set; } = 30;

    /// <summary>How often the queue is looked at in full without being woken.</summary>
    [Range(0.05, 60)]
    public double PollSeconds { get; set; } = 2;

    /// <summary>How often a worker says that it lives; unheard for three times this, it is not counted.</summary>
    [Range(0.05, 60)]
    public double HeartbeatSeconds { get; set; } = 3;

    /// <summary>How often a payment may fail, running alone, before it goes to the dead letters.</summary>
    [Range(1, 100)]
    public int FailureLimit { get; set; } = 5;

    /// <summary>First wait after a failure; it doubles with each, and a random part of it is waited.</summary>
    [Range(0.001, 600)]
    public double RetryDelaySeconds { get; set; } = 1;

    /// <summary>The longest wait between two tries.</summary>
    [Range(0.001, 86_400)]
    public double RetryDelayMaxSeconds { get; set; } = 300;

    public TimeSpan Lease => TimeSpan.FromSeconds(LeaseSeconds);

    public TimeSpan Poll => TimeSpan.FromSeconds(PollSeconds);

    public TimeSpan Heartbeat => TimeSpan.FromSeconds(HeartbeatSeconds);

    /// <summary>
    /// How a worker's sessions are opened. The server's timeouts are a third of the lease: a frozen worker's transaction
    /// is ended, and its rows are free, well before another worker may take them over. Every statement goes by key, so
    /// that a table which is small or empty at first is not scanned while it grows. Statements stay prepared, and a
    /// session that goes back to the pool keeps its plans: planning again costs as much as settling twenty payments.
    /// So nothing may be left set in a session; what is set is set for one transaction.
    /// </summary>
    public void ApplyTo(NpgsqlConnectionStringBuilder session)
    {
        session.Options = SessionSettings();
        session.NoResetOnClose = true;
        session.MaxAutoPrepare = PreparedStatements;
        session.AutoPrepareMinUsages = 2;
    }

    private string SessionSettings()
    {
        var milliseconds = (int)(LeaseSeconds * 1000 / 3);
        string[] settings =
        [
            FormattableString.Invariant($"idle_in_transaction_session_timeout={milliseconds}"),
            FormattableString.Invariant($"transaction_timeout={milliseconds}"),
            FormattableString.Invariant($"lock_timeout={milliseconds}"),
            "enable_seqscan=off",
            "enable_bitmapscan=off",
            "enable_hashjoin=off",
            "enable_mergejoin=off",
            "enable_sort=off",
        ];
        return string.Join(' ', settings.Select(setting => $"-c {setting}"));
    }
}

using Npgsql;

namespace Recon.Worker.Duties;

/// <summary>
/// Does the duties of one kind. A duty may be run again after a crash: only what is guarded happens once.
/// </summary>
internal interface IDutyHandler
{
    string Kind { get; }

    /// <summary>
    /// Whether one takes long (a reconciliation run): a process then runs one of its kind at a time, so that there is
    /// always room for short ones.
    /// </summary>
    bool IsLong => false;

    /// <summary>Whether each has its trace, whatever is sampled: what takes long is mostly rare and worth it.</summary>
    bool IsTraced => IsLong;

    /// <summary>How often it may fail before it goes to the dead letters.</summary>
    int FailureLimit => 10;

    /// <summary>
    /// Does it. An exception is a failure and is retried; one because the database is away, or because the process
    /// stops, is none.
    /// </summary>
    /// <param name="cancel">Also when the lease is lost.</param>
    Task<DutyOutcome> RunAsync(Duty duty, CancellationToken cancel);

    /// <summary>
    /// Called within the transaction that buries the duty: what must be marked as failed is marked here.
    /// </summary>
    Task BuriedAsync(NpgsqlConnection connection, Duty duty, string error, CancellationToken cancel) =>
        Task.CompletedTask;
}

/// <summary>How an attempt ended that did not fail.</summary>
/// <param name="Again">When it is due again; null when it is done.</param>
internal readonly record struct DutyOutcome(TimeSpan? Again)
{
    /// <summary>Done, for good.</summary>
    public static DutyOutcome Done { get; }

    /// <summary>Not done yet, and not failed: due again after this time.</summary>
    public static DutyOutcome Later(TimeSpan wait) => new(wait);
}

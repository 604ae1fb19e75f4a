using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Payments.Ledger.Audit;
using Payments.Ledger.Reconciliation;
using Payments.Ledger.Webhooks;
using Payments.Testing;
using Recon.Worker.Duties;
using Recon.Worker.Webhooks;

namespace Recon.Worker.Tests.Webhooks;

/// <summary>
/// What one worker process has to deliver webhooks with, driven one duty at a time. Several of them on one database are
/// what several processes would be.
/// </summary>
internal sealed class TestWebhooks : IAsyncDisposable
{
    private static readonly TimeProvider Clock = TimeProvider.System;

    private readonly TestDatabase _database;
    private readonly DutySessions _sessions;
    private readonly HeldDuties _held;
    private readonly RunDuty _run;
    private readonly WebhookTelemetry _telemetry = new();
    private readonly HttpClient _http;
    private readonly DeliverWebhook _deliver;

    public TestWebhooks(
        TestDatabase database, Action<WebhookOptions>? configure = null, bool allowLoopback = true,
        Func<string, CancellationToken, Task<IPAddress[]>>? resolve = null)
    {
        _database = database;
        Options = new WebhookOptions();
        configure?.Invoke(Options);
        Vault = new WebhookVault(Options, Clock);
        _sessions = DutySessions.Create(database.AppConnectionString, _ => { });
        var duties = new DutyOptions { RetryDelaySeconds = 0.001 };
        _held = new HeldDuties(_sessions, WorkerIdentity.Create(Clock), duties, new Random(1));
        _run = new RunDuty(_held, duties, Clock, NullLogger<RunDuty>.Instance);
        _http = WebhookDelivery.ClientOf(new WebhookAddress(allowLoopback), resolve ?? Dns.GetHostAddressesAsync);
        var record = new RecordAttempt(
            _sessions, new DisableTarget(new AuditLog(Clock), Clock), _telemetry, new Random(1),
            NullLogger<RecordAttempt>.Instance);
        _deliver = new DeliverWebhook(
            _sessions, Vault, new SendWebhook(_http, Options, Clock), record,
            new TargetTurns(Options.ParallelForTarget, Clock), Clock, new Random(1));
    }

    public WebhookOptions Options { get; }

    public WebhookVault Vault { get; }

    /// <summary>Adds a target; returns its id and its secret.</summary>
    public async Task<(Guid Id, string Secret)> AddTargetAsync(string url, params string[] eventTypes)
    {
        var id = Guid.CreateVersion7();
        await _database.ExecuteAsync(
            """
            INSERT INTO webhook_targets (id, created_at, updated_at, url, event_types, created_by)
            VALUES (@id, now(), now(), @url, @eventTypes, 'tests')
            """,
            new { id, url, eventTypes });
        return (id, await AddSecretAsync(id, TimeSpan.Zero));
    }

    public async Task<string> AddSecretAsync(Guid targetId, TimeSpan overlap)
    {
        var secret = WebhookSecret.Generate();
        await using var connection = await _database.App.OpenConnectionAsync();
        await Vault.AddAsync(connection, targetId, secret, overlap, CancellationToken.None);
        return WebhookSecret.Show(secret);
    }

    public static WebhookEvent NewEvent(string type = WebhookEventType.ExceptionOpened) =>
        ExceptionAlert.Of(
            Guid.CreateVersion7(), Severity.High, CheckType.Deposits, "A deposit without entries", 10_000, 0, "USD",
            Guid.CreateVersion7(), Clock.GetUtcNow()).ToEvent(type);

    /// <summary>Writes an event in a transaction of its own.</summary>
    public async Task<int> TellAsync(WebhookEvent webhookEvent, bool commit = true)
    {
        await using var connection = await _database.App.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        var targets = await WebhookOutbox.AddAsync(connection, webhookEvent, CancellationToken.None);
        if (commit)
        {
            await transaction.CommitAsync();
        }

        return targets;
    }

    /// <summary>Claims a duty that is due and runs it; false when none is.</summary>
    public async Task<bool> RunOneAsync()
    {
        if (await ClaimAsync() is not { } duty)
        {
            return false;
        }

        await _run.ExecuteAsync(duty, _deliver, CancellationToken.None);
        return true;
    }

    public async Task RunAllAsync()
    {
        while (await RunOneAsync())
        {
        }
    }

    /// <summary>Only claims, as a worker that dies then.</summary>
    public Task<Duty?> ClaimAsync() => _held.ClaimAsync([WebhookOutbox.DutyKind], CancellationToken.None);

    /// <summary>Lets the time of all waits and leases pass.</summary>
    public Task PassTimeAsync() => _database.ExecuteAsync("""
        WITH delivery AS (UPDATE webhook_deliveries SET next_attempt_at = now() - interval '1 second'
            WHERE next_attempt_at IS NOT NULL),
        target AS (UPDATE webhook_targets SET resting_until = NULL)
        UPDATE duties SET available_at = now() - interval '1 second' WHERE finished_at IS NULL
        """);

    public Task<IReadOnlyList<string>> StatusesAsync() => _database.QueryAsync<string>(
        "SELECT status || ' ' || attempts FROM webhook_deliveries ORDER BY number");

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        _telemetry.Dispose();
        await _sessions.DisposeAsync();
    }
}

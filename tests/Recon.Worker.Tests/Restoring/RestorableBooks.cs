using Payments.Testing;
using Payments.Testing.Restoring;

namespace Recon.Worker.Tests.Restoring;

/// <summary>A server that archives its log, and a base backup of it from before there was anything.</summary>
public sealed class RestorableBooks : IAsyncLifetime
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ArchivedServer Server { get; private set; } = null!;

    public BaseBackup Backup { get; private set; } = null!;

    public TestDatabase Database => Server.Database;

    public async ValueTask InitializeAsync()
    {
        Server = await ArchivedServer.StartAsync(Cancel);
        Backup = await Server.BackUpAsync(Cancel);
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    /// <summary>Names this moment; to be given to <see cref="RestoreToAsync"/>.</summary>
    public async Task<string> MarkAsync()
    {
        var name = $"point {Guid.CreateVersion7():N}";
        await Server.MarkAsync(name);
        return name;
    }

    /// <summary>Another server, whose database is as it was at that moment.</summary>
    public async Task<ArchivedServer> RestoreToAsync(string point)
    {
        var server = await RestoreAndWaitAsync(point);
        await server.GoOnAsync();
        return server;
    }

    /// <summary>The same before it can be written.</summary>
    public Task<ArchivedServer> RestoreAndWaitAsync(string point) =>
        Server.RestoreAndWaitAsync(Backup, $"recovery_target_name={point}", Cancel);
}

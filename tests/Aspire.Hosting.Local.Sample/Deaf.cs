using System.Runtime.InteropServices;

namespace Aspire.Hosting.Local.Sample;

/// <summary>The lifetime of a service that does not hear SIGTERM.</summary>
internal sealed class Deaf : IHostLifetime, IDisposable
{
    private readonly PosixSignalRegistration _ignored =
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => context.Cancel = true);

    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _ignored.Dispose();
}

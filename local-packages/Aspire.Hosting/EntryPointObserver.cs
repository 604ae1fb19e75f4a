using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting;

/// <summary>
/// Sees, and may change or hold, the application that an entry point builds: how a test runs an AppHost's own code.
/// </summary>
internal abstract class EntryPointObserver
{
    private static readonly AsyncLocal<EntryPointObserver?> Local = new();

    /// <summary>The observer of the entry point that the calling code belongs to.</summary>
    public static EntryPointObserver? Current
    {
        get => Local.Value;
        protected set => Local.Value = value;
    }

    public abstract void OnConstructing(
        DistributedApplicationOptions options, HostApplicationBuilderSettings settings);

    public abstract void OnBuilding(DistributedApplicationBuilder builder);

    /// <summary>Returns the host that the application uses instead.</summary>
    public abstract IHost OnBuilt(IHost host);
}

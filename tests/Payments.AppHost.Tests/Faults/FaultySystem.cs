using System.Globalization;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace Payments.AppHost.Tests.Faults;

/// <summary>The system with a short lease, for tests that break parts of it and mend them.</summary>
public sealed class FaultySystem() : ApplicationFixture(builder => builder
    .CreateResourceBuilder<ProjectResource>("worker")
    .WithEnvironment("Worker__LeaseSeconds", Lease.TotalSeconds.ToString(CultureInfo.InvariantCulture)))
{
    /// <summary>Short, so that a test can outlast it; still many times what a batch takes.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(4);
}

[CollectionDefinition(nameof(FaultySystem))]
public sealed class FaultySystemCollection : ICollectionFixture<FaultySystem>;

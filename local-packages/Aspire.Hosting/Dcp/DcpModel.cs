namespace Aspire.Hosting.Dcp;

// The orchestrator's objects, as far as we read or write them. Members that we never set are left out of the JSON.

internal sealed record DcpObject<TSpec, TStatus>(DcpMetadata Metadata, TSpec Spec)
{
    public string ApiVersion { get; init; } = "usvc-dev.developer.microsoft.com/v1";

    public required string Kind { get; init; }

    public TStatus? Status { get; init; }
}

internal sealed record DcpMetadata(string Name)
{
    public Dictionary<string, string>? Annotations { get; init; }

    public IReadOnlyList<DcpOwner>? OwnerReferences { get; init; }
}

internal sealed record DcpOwner(string Name);

internal sealed record DcpList<TSpec, TStatus>(IReadOnlyList<DcpObject<TSpec, TStatus>> Items);

/// <summary>ADDED, MODIFIED or DELETED.</summary>
internal sealed record DcpEvent<TSpec, TStatus>(string Type, DcpObject<TSpec, TStatus> Object);

/// <summary>A public port, which the orchestrator holds and shares out among the processes behind it.</summary>
internal sealed record ServiceSpec(string Protocol, string AddressAllocationMode)
{
    public int? Port { get; init; }

    public string? Address { get; init; }
}

internal sealed record ServiceStatus(int? EffectivePort);

/// <summary>One process's own port behind a service.</summary>
internal sealed record EndpointSpec(string ServiceName, string Address, int Port);

internal sealed record EndpointStatus;

internal sealed record ExecutableSpec(string ExecutablePath, string WorkingDirectory)
{
    public IReadOnlyList<string> Args { get; init; } = [];

    public IReadOnlyList<NameValue> Env { get; init; } = [];

    public string ExecutionType { get; init; } = "Process";
}

internal sealed record ExecutableStatus
{
    public string? State { get; init; }

    public int? Pid { get; init; }

    public int? ExitCode { get; init; }

    public DateTime? StartupTimestamp { get; init; }

    public DateTime? FinishTimestamp { get; init; }

    public IReadOnlyList<NameValue>? EffectiveEnv { get; init; }

    public IReadOnlyList<string>? EffectiveArgs { get; init; }
}

internal sealed record NameValue(string Name, string? Value);

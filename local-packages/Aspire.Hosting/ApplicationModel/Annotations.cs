using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>Sets variables when the resource is about to start.</summary>
public class EnvironmentCallbackAnnotation(Func<EnvironmentCallbackContext, Task> callback) : IResourceAnnotation
{
    public Func<EnvironmentCallbackContext, Task> Callback => callback;
}

/// <summary>The variables so far: texts, and <see cref="IValueProvider"/>s for texts known only now.</summary>
public class EnvironmentCallbackContext(
    DistributedApplicationExecutionContext executionContext,
    IResource resource,
    Dictionary<string, object>? environmentVariables = null,
    CancellationToken cancellationToken = default)
{
    public Dictionary<string, object> EnvironmentVariables { get; } = environmentVariables ?? [];

    public DistributedApplicationExecutionContext ExecutionContext => executionContext;

    public IResource Resource => resource;

    public CancellationToken CancellationToken => cancellationToken;
}

/// <summary>Adds arguments when the resource is about to start.</summary>
public class CommandLineArgsCallbackAnnotation(Func<CommandLineArgsCallbackContext, Task> callback)
    : IResourceAnnotation
{
    public Func<CommandLineArgsCallbackContext, Task> Callback => callback;
}

public sealed class CommandLineArgsCallbackContext(IList<object> args, CancellationToken cancellationToken = default)
{
    public IList<object> Args => args;

    public CancellationToken CancellationToken => cancellationToken;
}

public enum WaitType
{
    WaitUntilHealthy = 0,
    WaitForCompletion = 1,
    WaitUntilStarted = 2,
}

public sealed class WaitAnnotation(IResource resource, WaitType waitType, int exitCode = 0) : IResourceAnnotation
{
    public IResource Resource => resource;

    public WaitType WaitType => waitType;

    public int ExitCode => exitCode;
}

/// <summary>Names a registered health check that decides whether the resource is healthy.</summary>
public class HealthCheckAnnotation(string key) : IResourceAnnotation
{
    public string Key => key;
}

/// <summary>An HTTP check, made against each replica by itself.</summary>
internal sealed class HttpHealthCheckAnnotation(string key, string endpointName, string path, int statusCode)
    : HealthCheckAnnotation(key)
{
    public string EndpointName => endpointName;

    public string Path => path;

    public int StatusCode => statusCode;
}

public sealed class ReplicaAnnotation(int replicas = 1) : IResourceAnnotation
{
    public int Replicas => replicas;
}

/// <summary>The resource starts only when a person or a test asks for it.</summary>
public sealed class ExplicitStartupAnnotation : IResourceAnnotation;

/// <summary>Something to do each time the resource has become healthy, before its dependents start.</summary>
internal sealed record ReadyAnnotation(Func<IServiceProvider, CancellationToken, Task> Callback) : IResourceAnnotation;

/// <summary>A process that no project stands for: gives its command when it is about to start.</summary>
internal sealed record ProcessAnnotation(Func<ILogger, CancellationToken, Task<ProcessCommand>> Prepare)
    : IResourceAnnotation;

internal sealed record ProcessCommand(string Program, IReadOnlyList<string> Arguments, string WorkingDirectory)
{
    /// <summary>The source on the dashboard: the program itself, when what is started only leads to it.</summary>
    public string Shown { get; init; } = Program;
}

public sealed class ResourceRelationshipAnnotation(IResource resource, string type) : IResourceAnnotation
{
    public IResource Resource => resource;

    public string Type => type;
}

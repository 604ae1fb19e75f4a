using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Dcp;

namespace Aspire.Hosting.Orchestration;

/// <summary>How a process fares, as the state of its replica.</summary>
internal static class ProcessSnapshots
{
    /// <summary>The replica is about to start; nothing of its former process is left.</summary>
    public static CustomResourceSnapshot Starting(CustomResourceSnapshot former, IResource resource) => former with
    {
        State = KnownResourceStates.Starting,
        ExitCode = null,
        StartTimeStamp = null,
        StopTimeStamp = null,
        IsReady = false,
        HealthReports = InitialSnapshot.UnknownHealth(resource),
        EnvironmentVariables = [],
        Properties = former.Properties.With(
            new(ResourceProperties.Reason, null),
            new("executable.path", null),
            new("executable.workDir", null),
            new("executable.args", null),
            new("executable.pid", null)),
    };

    /// <summary>The replica as the orchestrator sees it.</summary>
    public static CustomResourceSnapshot Reported(
        CustomResourceSnapshot former, string state, ExecutableSpec spec, ExecutableStatus status)
    {
        var given = spec.Env.Select(variable => variable.Name).ToHashSet(StringComparer.Ordinal);
        var hasFailed = state == KnownResourceStates.FailedToStart || status.ExitCode is not (null or 0);

        return former with
        {
            State = new(state, hasFailed ? KnownResourceStateStyles.Error : null),
            ExitCode = status.ExitCode,
            StartTimeStamp = status.StartupTimestamp,
            StopTimeStamp = status.FinishTimestamp,
            Properties = former.Properties.With(
                new("executable.workDir", spec.WorkingDirectory),
                new("executable.args", status.EffectiveArgs ?? spec.Args) { IsSensitive = true },
                new("executable.pid", status.Pid)),
            EnvironmentVariables =
            [
                .. (status.EffectiveEnv ?? [])
                    .Select(one => new EnvironmentVariableSnapshot(one.Name, one.Value, given.Contains(one.Name)))
                    .OrderBy(one => one.Name, StringComparer.Ordinal),
            ],
        };
    }
}

using Microsoft.Extensions.Logging;

namespace Recon.Worker.Tests;

/// <summary>Says when something is logged that is a warning or worse.</summary>
internal sealed class SignalLogger<T> : ILogger<T>
{
    private readonly TaskCompletionSource _logged = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Logged => _logged.Task;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            _logged.TrySetResult();
        }
    }
}

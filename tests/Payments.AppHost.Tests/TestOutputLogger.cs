using Microsoft.Extensions.Logging;

namespace Payments.AppHost.Tests;

/// <summary>
/// Hands log lines to the test that runs, and keeps the last ones, for the case that the application does not start.
/// </summary>
internal sealed class TestOutputLogger : ILoggerProvider
{
    private const int KeptLines = 200;

    private readonly Lock _lock = new();
    private readonly Queue<string> _last = [];
    private readonly List<(Func<string, bool> IsAwaited, TaskCompletionSource<string> Source)> _waiting = [];
    private ITestOutputHelper? _output;

    public string Tail
    {
        get
        {
            lock (_lock)
            {
                return string.Join('\n', _last);
            }
        }
    }

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    /// <summary>An output takes nothing any more when its test has ended: hence the end by disposing.</summary>
    public IDisposable WriteTo(ITestOutputHelper output)
    {
        lock (_lock)
        {
            _output = output;
        }

        return new Writing(this);
    }

    public async Task<string> WaitAsync(Func<string, bool> isAwaited, CancellationToken cancel)
    {
        var source = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);

        lock (_lock)
        {
            _waiting.Add((isAwaited, source));
        }

        return await source.Task.WaitAsync(cancel);
    }

    public void Dispose()
    {
        // Nothing is held open.
    }

    private void Write(string line)
    {
        lock (_lock)
        {
            if (_last.Count == KeptLines)
            {
                _last.Dequeue();
            }

            _last.Enqueue(line);
            _output?.WriteLine(line);
            _waiting.RemoveAll(one => one.IsAwaited(line) && one.Source.TrySetResult(line));
        }
    }

    private sealed class Writing(TestOutputLogger logger) : IDisposable
    {
        public void Dispose()
        {
            lock (logger._lock)
            {
                logger._output = null;
            }
        }
    }

    private sealed class Logger(TestOutputLogger owner, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel is >= LogLevel.Information and < LogLevel.None;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                owner.Write($"{category} {formatter(state, exception)} {exception}".TrimEnd());
            }
        }
    }
}

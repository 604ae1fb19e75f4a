using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>A line of a resource's console log, beginning with its time.</summary>
public readonly record struct LogLine(int LineNumber, string Content, bool IsErrorMessage);

/// <summary>
/// The console log of each replica: what its processes write, and what the AppHost has to say of it, such as why it
/// cannot start.
/// </summary>
public class ResourceLoggerService
{
    private readonly ConcurrentDictionary<string, Backlog> _backlogs = new(StringComparer.OrdinalIgnoreCase);
    private readonly TimeProvider _clock;

    internal ResourceLoggerService(TimeProvider clock) => _clock = clock;

    /// <summary>Writes into the logs of all replicas.</summary>
    public ILogger GetLogger(IResource resource) =>
        new ResourceLogger([.. resource.ReplicaNames().Select(Of)], _clock);

    /// <summary>Writes into the log of one replica.</summary>
    public ILogger GetLogger(string resourceName) => new ResourceLogger([Of(resourceName)], _clock);

    /// <summary>What the AppHost has written so far; with <paramref name="follow"/>, also what comes then.</summary>
    internal IAsyncEnumerable<ResourceLine> ReadAsync(string replica, bool follow, CancellationToken cancel) =>
        Of(replica).ReadAsync(follow, cancel);

    private Backlog Of(string replica) => _backlogs.GetOrAdd(replica, _ => new());

    internal readonly record struct ResourceLine(string Content, bool IsErrorMessage);

    /// <summary>The last lines of a replica, and who reads along.</summary>
    private sealed class Backlog
    {
        // Enough for what an AppHost says of one resource in a day.
        private const int KeptLines = 1000;

        private readonly Lock _lock = new();
        private readonly Queue<ResourceLine> _lines = [];
        private readonly HashSet<Channel<ResourceLine>> _readers = [];

        public void Add(ResourceLine line)
        {
            lock (_lock)
            {
                if (_lines.Count == KeptLines)
                {
                    _lines.Dequeue();
                }

                _lines.Enqueue(line);

                foreach (var reader in _readers)
                {
                    reader.Writer.TryWrite(line);
                }
            }
        }

        public async IAsyncEnumerable<ResourceLine> ReadAsync(
            bool follow, [EnumeratorCancellation] CancellationToken cancel)
        {
            // A reader that has fallen behind by all that is kept loses the oldest lines, as a late reader does.
            var channel = Channel.CreateBounded<ResourceLine>(
                new BoundedChannelOptions(KeptLines) { FullMode = BoundedChannelFullMode.DropOldest });

            lock (_lock)
            {
                foreach (var line in _lines)
                {
                    channel.Writer.TryWrite(line);
                }

                if (follow)
                {
                    _readers.Add(channel);
                }
                else
                {
                    channel.Writer.Complete();
                }
            }

            try
            {
                await foreach (var line in channel.Reader.ReadAllAsync(cancel))
                {
                    yield return line;
                }
            }
            finally
            {
                lock (_lock)
                {
                    _readers.Remove(channel);
                }
            }
        }
    }

    private sealed class ResourceLogger(IReadOnlyList<Backlog> backlogs, TimeProvider clock) : ILogger
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
            if (!IsEnabled(logLevel))
            {
                return;
            }

            var time = clock.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);
            var text = formatter(state, exception) + (exception is null ? "" : $"\n{exception}");

            foreach (var line in text.TrimEnd().Split('\n'))
            {
                foreach (var backlog in backlogs)
                {
                    backlog.Add(new($"{time} {line.TrimEnd('\r')}", logLevel >= LogLevel.Error));
                }
            }
        }
    }
}

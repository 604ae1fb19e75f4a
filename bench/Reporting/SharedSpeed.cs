using System.Buffers;
using System.Diagnostics;
using System.Text.Json;

namespace Payments.Bench.Reporting;

/// <summary>
/// How much of its speed a thread keeps while every processor is busy. Two processors may be two threads of one core,
/// and its caches, or a host, may be shared with others: then a second worker cannot double what one does.
/// </summary>
internal static class SharedSpeed
{
    private const int Rounds = 7;

    private static readonly TimeSpan Length = TimeSpan.FromMilliseconds(100);

    /// <returns>1 when a thread is as fast as alone; the median of rounds in which both are measured.</returns>
    public static double Measure()
    {
        // Compiled and warm.
        CountOf(Environment.ProcessorCount);
        var shares = new List<double>();
        for (var round = 0; round < Rounds; round++)
        {
            var alone = CountOf(1);
            shares.Add(CountOf(Environment.ProcessorCount) / alone);
        }

        shares.Sort();
        return shares[Rounds / 2];
    }

    // What a thread does on average while so many run.
    private static double CountOf(int threads)
    {
        var counts = new long[threads];
        var running = Enumerable.Range(0, threads).Select(i => new Thread(() => counts[i] = Work())).ToList();
        running.ForEach(thread => thread.Start());
        running.ForEach(thread => thread.Join());
        return counts.Average();
    }

    // Writes and reads a small document, as a server does, and leaves nothing for the collector.
    private static long Work()
    {
        const int Fields = 32;
        var buffer = new ArrayBufferWriter<byte>(4_096);
        using var writer = new Utf8JsonWriter(buffer);
        var started = Stopwatch.GetTimestamp();
        var count = 0L;
        while (Stopwatch.GetElapsedTime(started) < Length)
        {
            buffer.ResetWrittenCount();
            writer.Reset();
            writer.WriteStartArray();
            for (var field = 0; field < Fields; field++)
            {
                writer.WriteNumberValue(count * field);
                writer.WriteStringValue("bench payment");
            }

            writer.WriteEndArray();
            writer.Flush();
            var reader = new Utf8JsonReader(buffer.WrittenSpan);
            while (reader.Read())
            {
                count += reader.TokenType == JsonTokenType.EndArray ? 1 : 0;
            }
        }

        return count;
    }
}

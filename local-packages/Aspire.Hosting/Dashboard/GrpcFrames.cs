using System.Buffers.Binary;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;

namespace Aspire.Hosting.Dashboard;

/// <summary>
/// Messages of gRPC on HTTP/2. Shape of each: one byte (1 when compressed), four bytes of length (big-endian), and
/// the message.
/// </summary>
internal static class GrpcFrames
{
    private const int PrefixBytes = 5;

    // What the dashboard sends are names; a longer message is a mistake or an attack.
    private const int LongestMessageBytes = 1 << 20;

    public static async Task<T> ReadAsync<T>(HttpRequest request, CancellationToken cancel)
        where T : IMessage<T>, new()
    {
        var prefix = new byte[PrefixBytes];
        await request.Body.ReadExactlyAsync(prefix, cancel);
        var length = BinaryPrimitives.ReadUInt32BigEndian(prefix.AsSpan(1));

        if (prefix[0] != 0 || length > LongestMessageBytes)
        {
            throw new InvalidDataException("A compressed or very long message.");
        }

        var bytes = new byte[length];
        await request.Body.ReadExactlyAsync(bytes, cancel);
        var message = new T();
        message.MergeFrom(bytes);
        return message;
    }

    public static async Task WriteAsync(HttpResponse response, IMessage message, CancellationToken cancel)
    {
        var frame = new byte[PrefixBytes + message.CalculateSize()];
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), (uint)(frame.Length - PrefixBytes));
        message.WriteTo(frame.AsSpan(PrefixBytes));
        await response.Body.WriteAsync(frame, cancel);
        await response.Body.FlushAsync(cancel);
    }
}

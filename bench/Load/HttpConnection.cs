using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;

namespace Payments.Bench.Load;

/// <summary>
/// One keep-alive connection with one request in flight. It reads no more of an answer than its status and where it
/// ends: the load shares the processors with what it measures.
/// </summary>
internal sealed class HttpConnection(IPEndPoint server, int mostRequestBytes) : IDisposable
{
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _request = new byte[mostRequestBytes];
    private byte[] _answer = new byte[8 * 1024];
    private int _length;

    public Memory<byte> Request => _request;

    /// <summary>What arrived last, for the message about a failure.</summary>
    public string LastAnswer => System.Text.Encoding.Latin1.GetString(_answer, 0, _length);

    public ValueTask ConnectAsync(CancellationToken cancel) => _socket.ConnectAsync(server, cancel);

    /// <summary>Connects while the thread waits; such a connection is used by <see cref="Exchange"/> alone.</summary>
    public void Connect() => _socket.Connect(server);

    /// <summary>Sends what stands in <see cref="Request"/> and returns the status of the answer.</summary>
    /// <exception cref="IOException">The server hung up, or its answer is not understood.</exception>
    public async ValueTask<int> ExchangeAsync(int length, CancellationToken cancel)
    {
        var request = _request.AsMemory(0, length);
        while (request.Length > 0)
        {
            request = request[await _socket.SendAsync(request, SocketFlags.None, cancel)..];
        }

        _length = 0;
        while (true)
        {
            if (Append(await _socket.ReceiveAsync(_answer.AsMemory(_length), SocketFlags.None, cancel)) is { } status)
            {
                return status;
            }
        }
    }

    /// <summary>The same, while the thread waits: the answer wakes it, and nobody else's work comes between.</summary>
    /// <exception cref="IOException">The server hung up, or its answer is not understood.</exception>
    public int Exchange(int length)
    {
        var request = _request.AsSpan(0, length);
        while (request.Length > 0)
        {
            request = request[_socket.Send(request)..];
        }

        _length = 0;
        while (true)
        {
            if (Append(_socket.Receive(_answer.AsSpan(_length))) is { } status)
            {
                return status;
            }
        }
    }

    public void Dispose() => _socket.Dispose();

    // The status of an answer that has arrived as a whole, or null.
    private int? Append(int read)
    {
        if (read == 0)
        {
            throw new IOException("The server closed the connection.");
        }

        _length += read;
        if (IsComplete())
        {
            return Utf8Parser.TryParse(_answer.AsSpan(9, 3), out int status, out _)
                ? status
                : throw new IOException("The answer has no status.");
        }

        if (_length == _answer.Length)
        {
            Array.Resize(ref _answer, _answer.Length * 2);
        }

        return null;
    }

    private bool IsComplete()
    {
        var answer = _answer.AsSpan(0, _length);
        var headEnd = answer.IndexOf("\r\n\r\n"u8);
        if (headEnd < 0)
        {
            return false;
        }

        var head = answer[..(headEnd + 2)];
        var body = answer[(headEnd + 4)..];
        if (ContentLength(head) is { } length)
        {
            return body.Length >= length;
        }

        // Otherwise in chunks, the last of which is empty.
        return body.EndsWith("0\r\n\r\n"u8);
    }

    // Servers write the header in one of these two ways.
    private static int? ContentLength(ReadOnlySpan<byte> head)
    {
        var name = "\r\nContent-Length: "u8;
        var start = head.IndexOf(name);
        if (start < 0)
        {
            start = head.IndexOf("\r\ncontent-length: "u8);
        }

        return start >= 0 && Utf8Parser.TryParse(head[(start + name.Length)..], out int length, out _)
            ? length
            : null;
    }
}

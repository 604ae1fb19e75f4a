using System.Net;
using System.Net.Sockets;

namespace Payments.Api.Tests;

/// <summary>
/// Stands between the API and its database and can be cut: altogether, as when the server is gone; only on the way
/// back, so that a commit happens and its answer is lost; or at one message, as when the API dies there.
/// </summary>
internal sealed class DatabaseProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly string _host;
    private readonly int _port;
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<Socket> _sockets = [];
    private readonly Lock _lock = new();
    private readonly Task _accepting;
    private bool _down;
    private int _answersToLose;
    private int _messagesLeft;
    private bool _cutsAnswer;

    public DatabaseProxy(string host, int port)
    {
        (_host, _port) = (host, port);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Ends every connection and refuses new ones.</summary>
    public void Down()
    {
        lock (_lock)
        {
            _down = true;
            _sockets.ForEach(socket => socket.Dispose());
            _sockets.Clear();
        }
    }

    public void Up()
    {
        lock (_lock)
        {
            _down = false;
            _messagesLeft = 0;
        }
    }

    /// <summary>
    /// Goes down in place of the message that the API sends next but <paramref name="messages"/> minus one, over any of
    /// its connections, or else in place of the answer to that message; and stays down until it is told otherwise.
    /// </summary>
    public void CutAt(int messages, bool answer)
    {
        lock (_lock)
        {
            (_messagesLeft, _cutsAnswer, HasCut) = (messages, answer, false);
        }
    }

    /// <summary>Whether the message of <see cref="CutAt"/> has come.</summary>
    public bool HasCut { get; private set; }

    /// <summary>
    /// Cuts the connection in place of the next answer that ends a statement which inserted something.
    /// </summary>
    public void LoseNextAnswer() => Interlocked.Exchange(ref _answersToLose, 1);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Stop();
        Down();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            var client = await _listener.AcceptSocketAsync(_stopping.Token);
            var server = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            client.NoDelay = true;
            lock (_lock)
            {
                if (_down)
                {
                    client.Dispose();
                    server.Dispose();
                    continue;
                }

                _sockets.Add(client);
                _sockets.Add(server);
            }

            _ = ForwardAsync(client, server);
        }
    }

    private async Task ForwardAsync(Socket client, Socket server)
    {
        try
        {
            await server.ConnectAsync(_host, _port, _stopping.Token);
            var connection = new Connection();
            await Task.WhenAny(
                PumpAsync(client, server, connection, answers: false),
                PumpAsync(server, client, connection, answers: true));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The connection was cut, which is what this is for.
        }

        client.Dispose();
        server.Dispose();
    }

    private async Task PumpAsync(Socket from, Socket to, Connection connection, bool answers)
    {
        var buffer = new byte[64 * 1024];
        int read;
        while ((read = await from.ReceiveAsync(buffer, _stopping.Token)) > 0)
        {
            if (answers ? connection.LosesAnswer : IsCut(connection))
            {
                Down();
                return;
            }

            // PostgreSQL ends the answer to the intake's statement with the tag of the outer SELECT.
            if (answers && buffer.AsSpan(0, read).IndexOf("SELECT 1\0"u8) >= 0
                && Interlocked.Exchange(ref _answersToLose, 0) == 1)
            {
                return;
            }

            await to.SendAsync(buffer.AsMemory(0, read), _stopping.Token);
        }
    }

    // Whether the message that has just come is not to be passed on; when only its answer is not, that is remembered.
    private bool IsCut(Connection connection)
    {
        lock (_lock)
        {
            if (_messagesLeft == 0 || --_messagesLeft > 0)
            {
                return false;
            }

            HasCut = true;
            connection.LosesAnswer = _cutsAnswer;
            return !_cutsAnswer;
        }
    }

    private sealed class Connection
    {
        public bool LosesAnswer { get; set; }
    }
}

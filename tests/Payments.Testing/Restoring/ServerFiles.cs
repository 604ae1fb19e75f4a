using System.Diagnostics;

namespace Payments.Testing.Restoring;

/// <summary>The files of a server, which writes and deletes them while they are copied.</summary>
internal static class ServerFiles
{
    // Their folders belong to a backup, what is in them does not.
    private static readonly string[] Emptied =
    [
        "pg_wal", "pg_replslot", "pg_dynshmem", "pg_notify", "pg_serial", "pg_snapshots", "pg_stat_tmp", "pg_subtrans",
    ];

    private static readonly string[] LeftOut = ["postmaster.pid", "postmaster.opts"];

    /// <summary>A directory that belongs to the owner of another.</summary>
    public static void MakeDirectory(string path, string owner)
    {
        Make(path);
        GiveTo(path, owner);
    }

    /// <summary>Copies a data directory without what a backup does not need; the copy has the same owner.</summary>
    public static void Copy(string from, string to)
    {
        CopyFolder(from, to);
        GiveTo(to, owner: from);
    }

    /// <summary>As root, whose servers run as somebody else, makes that one the owner of all that is in it.</summary>
    public static void GiveTo(string path, string owner)
    {
        if (Environment.IsPrivilegedProcess)
        {
            using var chown = Process.Start("chown", ["-R", "--reference", owner, path]);
            chown.WaitForExit();
        }
    }

    // A server does not start in a directory that others may read.
    private static void Make(string path)
    {
        Directory.CreateDirectory(path);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(
                path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private static void CopyFolder(string from, string to)
    {
        Make(to);
        foreach (var folder in Directory.EnumerateDirectories(from))
        {
            var name = Path.GetFileName(folder);
            if (Emptied.Contains(name, StringComparer.Ordinal))
            {
                Make(Path.Combine(to, name));
            }
            else
            {
                CopyFolder(folder, Path.Combine(to, name));
            }
        }

        foreach (var file in Directory.EnumerateFiles(from).Where(file => !LeftOut.Contains(Path.GetFileName(file))))
        {
            try
            {
                File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
            }
            catch (FileNotFoundException)
            {
                // Deleted meanwhile: the log says so too.
            }
        }
    }
}

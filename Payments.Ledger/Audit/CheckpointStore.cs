using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;

namespace Payments.Ledger.Audit;

/// <summary>
/// Checkpoints as files, one each, named by the last sequence they cover. A file is written whole and never again.
/// </summary>
public sealed class CheckpointStore(string directory, ECDsa key) : IDisposable
{
    private const string Extension = ".json";

    public string Directory => directory;

    /// <summary>The last sequence that a checkpoint covers; 0 when there is none.</summary>
    public long LastSequence() => List() is [.., var last] ? last : 0;

    /// <summary>The last sequence of every checkpoint, in order.</summary>
    public IReadOnlyList<long> List() => !System.IO.Directory.Exists(directory)
        ? []
        :
        [
            .. System.IO.Directory.EnumerateFiles(directory, "*" + Extension)
                .Select(Path.GetFileNameWithoutExtension)
                .Where(name => long.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out _))
                .Select(name => long.Parse(name!, NumberStyles.None, CultureInfo.InvariantCulture))
                .Order(),
        ];

    /// <summary>The checkpoint that ends there; null when its file is no checkpoint or nobody signed it.</summary>
    public AuditCheckpoint? Read(long sequence)
    {
        try
        {
            var checkpoint = JsonSerializer.Deserialize<AuditCheckpoint>(
                File.ReadAllBytes(PathOf(sequence)), JsonSerializerOptions.Web);
            return checkpoint is { Links: not null, Signature: not null }
                && checkpoint.Sequence == sequence
                && checkpoint.IsGood(key)
                ? checkpoint
                : null;
        }
        catch (Exception e) when (e is JsonException or IOException or NotSupportedException)
        {
            return null;
        }
    }

    /// <param name="links">Hashes of the links from there on, one after another.</param>
    public AuditCheckpoint Write(long from, DateTimeOffset at, byte[] links)
    {
        var checkpoint = AuditCheckpoint.Sign(from, at, links, key);
        System.IO.Directory.CreateDirectory(directory);
        var path = PathOf(checkpoint.Sequence);

        // Under its name only when it is on the disk as a whole: half a checkpoint would look like damage.
        var unfinished = path + ".unfinished";
        using (var file = new FileStream(unfinished, FileMode.Create, FileAccess.Write))
        {
            JsonSerializer.Serialize(file, checkpoint, JsonSerializerOptions.Web);
            file.Flush(flushToDisk: true);
        }

        File.Move(unfinished, path, overwrite: false);
        return checkpoint;
    }

    /// <summary>A name, within the directory, for checkpoints that are put aside at this time.</summary>
    public static string NameAside(DateTimeOffset at) =>
        "restored-" + at.UtcDateTime.ToString("yyyyMMdd'T'HHmmssfff'Z'", CultureInfo.InvariantCulture);

    /// <summary>
    /// Moves every checkpoint that covers anything behind a sequence into a folder of its own, where none is looked
    /// for. The last goes first: broken off, it leaves what looks cut off and can be done again.
    /// </summary>
    public void PutAside(long kept, string place)
    {
        var folder = System.IO.Directory.CreateDirectory(Path.Combine(directory, place)).FullName;
        foreach (var sequence in List().Where(sequence => sequence > kept).Reverse())
        {
            var path = PathOf(sequence);
            File.Move(path, Path.Combine(folder, Path.GetFileName(path)), overwrite: false);
        }
    }

    public void Dispose() => key.Dispose();

    private string PathOf(long sequence) =>
        Path.Combine(directory, sequence.ToString("D19", CultureInfo.InvariantCulture) + Extension);
}

using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Payments.Api.Keys;

/// <summary>
/// Finds the owner of an API key. What was found, and that nothing was found, is remembered for a few seconds: a
/// revocation takes at most <see cref="Lifetime"/> to reach every process.
/// </summary>
internal sealed class ApiKeys(
    NpgsqlDataSource database, IHostEnvironment environment, IOptions<RateLimitOptions> limits, TimeProvider clock)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(5);

    // Longer than any key that is given out; what is longer is not worth a hash.
    private const int LongestKey = 256;

    // Beyond this a stranger is trying keys: they are looked up each time rather than remembered.
    private const int MostRemembered = 10_000;

    private readonly ConcurrentDictionary<KeyHash, Remembered> _remembered = new();

    // Requests that present the same key at once share one look-up, or a process that starts under load would open a
    // connection for each of them.
    private readonly ConcurrentDictionary<KeyHash, Lazy<Task<Remembered>>> _lookUps = new();

    // A key's limit outlives what is remembered of the key, or looking it up again would fill its bucket.
    private readonly ConcurrentDictionary<Guid, RateLimit> _limits = new();

    /// <summary>The caller who holds the key; null when it is unknown, expired or revoked.</summary>
    /// <exception cref="NpgsqlException">The database cannot tell.</exception>
    public ValueTask<Caller?> FindAsync(string key, CancellationToken cancel)
    {
        if (key.Length is 0 or > LongestKey || (DeveloperKeys.IsOne(key) && !environment.IsDevelopment()))
        {
            return ValueTask.FromResult<Caller?>(null);
        }

        var hash = KeyHash.Of(key);
        var now = clock.GetUtcNow();
        return _remembered.TryGetValue(hash, out var remembered) && remembered.Until > now
            ? ValueTask.FromResult(remembered.At(now))
            : LookUpAsync(hash, now, cancel);
    }

    private async ValueTask<Caller?> LookUpAsync(KeyHash hash, DateTimeOffset now, CancellationToken cancel)
    {
        var lookUp = _lookUps.GetOrAdd(
            hash, _ => new Lazy<Task<Remembered>>(() => Task.Run(() => ReadAndRememberAsync(hash, now))));
        return (await lookUp.Value.WaitAsync(cancel)).At(now);
    }

    private async Task<Remembered> ReadAndRememberAsync(KeyHash hash, DateTimeOffset now)
    {
        try
        {
            var found = new Remembered(await ReadAsync(hash), now + Lifetime);
            if (_remembered.Count >= MostRemembered)
            {
                Forget(now);
            }

            if (_remembered.Count < MostRemembered)
            {
                _remembered[hash] = found;
            }

            return found;
        }
        finally
        {
            _lookUps.TryRemove(hash, out _);
        }
    }

    private void Forget(DateTimeOffset now)
    {
        foreach (var (hash, remembered) in _remembered)
        {
            if (remembered.Until <= now)
            {
                _remembered.TryRemove(hash, out _);
            }
        }
    }

    private async Task<Caller?> ReadAsync(KeyHash hash)
    {
        await using var command = database.CreateCommand(FindSql);
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = hash.ToArray() });
        await using var reader = await command.ExecuteReaderAsync();
        if (!await reader.ReadAsync())
        {
            return null;
        }

        var id = reader.GetFieldValue<Guid>(0);
        var limit = await reader.IsDBNullAsync(5) ? limits.Value.RequestsPerSecond : reader.GetInt32(5);
        return new Caller(new ApiKey(
            id,
            reader.GetInt32(1),
            reader.GetString(2),
            await reader.IsDBNullAsync(3) ? null : reader.GetFieldValue<DateTimeOffset>(3),
            reader.GetFieldValue<string[]>(4).ToHashSet(StringComparer.Ordinal),
            limit == 0 ? null : LimitOf(id, limit)));
    }

    private RateLimit LimitOf(Guid id, int requestsPerSecond) => _limits.AddOrUpdate(
        id,
        _ => new RateLimit(requestsPerSecond, limits.Value.BurstSeconds, clock),
        (_, known) => known.RequestsPerSecond == requestsPerSecond
            ? known
            : new RateLimit(requestsPerSecond, limits.Value.BurstSeconds, clock));

    private const string FindSql = """
        SELECT api_keys.id, owner_id, name, expires_at, scopes, requests_per_second
        FROM api_keys
        JOIN key_owners ON key_owners.id = owner_id
        WHERE key_hash = $1 AND revoked_at IS NULL
        """;

    private sealed record Remembered(Caller? Caller, DateTimeOffset Until)
    {
        public Caller? At(DateTimeOffset now) => Caller is { Key.ExpiresAt: { } end } && end <= now ? null : Caller;
    }

    /// <summary>SHA-256 of a key: all that is kept of it.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct KeyHash(ulong A, ulong B, ulong C, ulong D)
    {
        public static KeyHash Of(string key)
        {
            Span<byte> text = stackalloc byte[Encoding.UTF8.GetMaxByteCount(LongestKey)];
            Span<ulong> hash = stackalloc ulong[4];
            SHA256.HashData(text[..Encoding.UTF8.GetBytes(key, text)], MemoryMarshal.AsBytes(hash));
            return new KeyHash(hash[0], hash[1], hash[2], hash[3]);
        }

        public byte[] ToArray() => MemoryMarshal.AsBytes([A, B, C, D]).ToArray();
    }
}

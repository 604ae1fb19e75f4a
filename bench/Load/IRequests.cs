namespace Payments.Bench.Load;

/// <summary>Writes the requests of a load.</summary>
internal interface IRequests
{
    /// <summary>No request is longer, in bytes.</summary>
    int MostBytes { get; }

    /// <summary>The status code that every answer must have.</summary>
    int ExpectedStatus { get; }

    /// <summary>
    /// Writes request number <paramref name="number"/> and returns its length; called by several at once.
    /// </summary>
    int Write(long number, Span<byte> buffer);
}

/// <summary>
/// <c>POST /payments</c>, each under a key of its own, spread over accounts by a mix of the number's bits.
/// </summary>
/// <param name="prefix">Part of every key: two loads on one database stay apart.</param>
internal sealed class CreateRequests(string prefix, int accounts) : IRequests
{
    private const string Head =
        "POST /payments HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " + Product.ProductDatabase.ApiKey
        + "\r\nContent-Type: application/json\r\nIdempotency-Key: ";

    public int MostBytes => 512;

    public int ExpectedStatus => 201;

    /// <summary>The key of a request, by which its payment is found again.</summary>
    public string KeyOf(long number) => FormattableString.Invariant($"{prefix}-{number:0000000000}");

    public int Write(long number, Span<byte> buffer)
    {
        var mixed = Mix((ulong)number);
        var account = mixed % (ulong)accounts;
        var minor = 10_000 + (mixed >> 32) % 90_000;

        // Every part has a fixed width, so the length of the body is known: 73 bytes.
        System.Text.Unicode.Utf8.TryWrite(
            buffer,
            System.Globalization.CultureInfo.InvariantCulture,
            $"{Head}{prefix}-{number:0000000000}\r\nContent-Length: 73\r\n\r\n"
                + $"{{\"accountId\":\"bench-{account:00000}\",\"amount\":{minor / 100:000}.{minor % 100:00},"
                + $"\"description\":\"bench payment\"}}",
            out var written);
        return written;
    }

    // The finaliser of SplitMix64: neighbouring numbers give unrelated ones.
    private static ulong Mix(ulong number)
    {
        number = unchecked((number + 0x9E3779B97F4A7C15) * 0xBF58476D1CE4E5B9);
        number = unchecked((number ^ (number >> 27)) * 0x94D049BB133111EB);
        return number ^ (number >> 31);
    }
}

/// <summary><c>GET</c> of paths, one after the other.</summary>
internal sealed class ReadRequests(IReadOnlyList<string> paths) : IRequests
{
    private readonly byte[][] _requests = [.. paths.Select(path => System.Text.Encoding.ASCII.GetBytes(
        $"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {Product.ProductDatabase.ApiKey}\r\n\r\n"))];

    public int MostBytes => _requests.Max(request => request.Length);

    public int ExpectedStatus => 200;

    public int Write(long number, Span<byte> buffer)
    {
        var request = _requests[number % _requests.Length];
        request.CopyTo(buffer);
        return request.Length;
    }
}

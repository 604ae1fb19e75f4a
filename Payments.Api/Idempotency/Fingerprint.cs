using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Payments.Api.Payments;
using Payments.Api.Transfers;

namespace Payments.Api.Idempotency;

/// <summary>
/// What makes two requests the same: SHA-256 over method, path and the request as canonical JSON. Order of members,
/// white space, <c>100.0</c> or <c>"100.00"</c>, and a default that is written out make no difference.
/// </summary>
/// <remarks>Stored with every payment for ever: what is hashed may never change for requests that exist.</remarks>
internal static class Fingerprint
{
    public static byte[] Of(CreatePaymentRequest request)
    {
        // Escaping doubles a character at most, and a character has at most three bytes for each UTF-16 unit.
        var size = 256 + (request.AccountId.Length * 3) + ((request.Description?.Length ?? 0) * 6);
        var rented = ArrayPool<byte>.Shared.Rent(size);
        var writer = new Writer(rented);

        // Members in the order of their names. Absent and null are the same; the currency is always written.
        writer.Raw("POST\n/payments\n{\"accountId\":\""u8);
        writer.Text(request.AccountId);
        writer.Raw("\",\"amount\":"u8);
        writer.Number(request.Amount.ToDecimal());
        writer.Raw(",\"currency\":\""u8);
        writer.Text(request.Amount.Currency.Code);
        if (request.Description is { } description)
        {
            writer.Raw("\",\"description\":\""u8);
            writer.Text(description);
        }

        writer.Raw("\"}"u8);
        var hash = SHA256.HashData(writer.Written);
        ArrayPool<byte>.Shared.Return(rented);
        return hash;
    }

    public static byte[] Of(CreateTransferRequest request)
    {
        var names = request.SourceAccountId.Length + request.DestinationAccountId.Length;
        var size = 256 + (names * 3) + ((request.Description?.Length ?? 0) * 6);
        var rented = ArrayPool<byte>.Shared.Rent(size);
        var writer = new Writer(rented);

        writer.Raw("POST\n/api/v1/transactions\n{\"amount\":"u8);
        writer.Number(request.Amount.ToDecimal());
        writer.Raw(",\"currency\":\""u8);
        writer.Text(request.Amount.Currency.Code);
        if (request.Description is { } description)
        {
            writer.Raw("\",\"description\":\""u8);
            writer.Text(description);
        }

        writer.Raw("\",\"destination_account_id\":\""u8);
        writer.Text(request.DestinationAccountId);
        writer.Raw("\",\"source_account_id\":\""u8);
        writer.Text(request.SourceAccountId);
        writer.Raw("\"}"u8);
        var hash = SHA256.HashData(writer.Written);
        ArrayPool<byte>.Shared.Return(rented);
        return hash;
    }

    /// <param name="canonicalBody">Empty when the request has none.</param>
    public static byte[] Of(HttpRequest request, ReadOnlySpan<byte> canonicalBody) =>
        Of(request.Method, request.PathBase.Add(request.Path).ToUriComponent(), canonicalBody);

    public static byte[] Of(string method, string path, ReadOnlySpan<byte> canonicalBody)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{method}\n{path}\n"));
        hash.AppendData(canonicalBody);
        return hash.GetHashAndReset();
    }

    private ref struct Writer(Span<byte> buffer)
    {
        private readonly Span<byte> _buffer = buffer;
        private int _length;

        public readonly ReadOnlySpan<byte> Written => _buffer[.._length];

        public void Raw(ReadOnlySpan<byte> bytes)
        {
            bytes.CopyTo(_buffer[_length..]);
            _length += bytes.Length;
        }

        public void Number(decimal value)
        {
            value.TryFormat(_buffer[_length..], out var written, default, CultureInfo.InvariantCulture);
            _length += written;
        }

        // Control characters never get here, so quotes and backslashes are all there is to escape.
        public void Text(ReadOnlySpan<char> text)
        {
            while (text.IndexOfAny('"', '\\') is >= 0 and var at)
            {
                _length += Encoding.UTF8.GetBytes(text[..at], _buffer[_length..]);
                _buffer[_length++] = (byte)'\\';
                _buffer[_length++] = (byte)text[at];
                text = text[(at + 1)..];
            }

            _length += Encoding.UTF8.GetBytes(text, _buffer[_length..]);
        }
    }
}

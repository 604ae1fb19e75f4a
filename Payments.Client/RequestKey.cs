namespace Payments.Client;

/// <summary>
/// The caller's own name for one request, sent as <c>Idempotency-Key</c>: however often the request is sent under it,
/// it is carried out once. 1 to 255 printable ASCII characters.
/// </summary>
public readonly record struct RequestKey(string Text)
{
    public static implicit operator RequestKey(string text) => new(text);

    public static implicit operator RequestKey(Guid key) => new(key.ToString());

    /// <summary>A key that no other request has.</summary>
    public static RequestKey New() => Guid.CreateVersion7();

    /// <summary>
    /// As the header has it: a string of RFC 8941. Without quotes a comma would part two keys, and a space at either
    /// end would be lost.
    /// </summary>
    internal string Quoted
    {
        get
        {
            var escaped = Text
                .Replace("\\", "\\\\", StringComparison.Ordinal)
                .Replace("\"", "\\\"", StringComparison.Ordinal);
            return $"\"{escaped}\"";
        }
    }

    public override string ToString() => Text;
}

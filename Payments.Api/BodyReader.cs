using System.Text.Json;
using Payments.Api.Payments;

namespace Payments.Api;

/// <summary>
/// Reads the members of a JSON body in one pass and collects what is wrong with its shape, each fault with its place.
/// Parsers are written by hand over it, because a serializer would accept what is refused here: unknown members,
/// members given twice, rounded amounts.
/// </summary>
internal ref struct BodyReader(ReadOnlySpan<byte> json)
{
    // Enough to correct a body by; a hostile one does not get an answer longer than itself.
    private const int MostErrors = 10;
    private const int LongestEchoedName = 64;

    private Utf8JsonReader _reader = new(json);

    /// <summary>The faults found so far; null when there are none.</summary>
    public List<ProblemError>? Errors { get; private set; }

    /// <summary>The problem that the reader's exception stands for: the body is not JSON at all.</summary>
    /// <returns>Null for an exception that means something else.</returns>
    public static Problem? SyntaxProblem(Exception error) => error switch
    {
        JsonException e => new Problem(
            ProblemTypes.InvalidJson,
            $"The body is not valid JSON: line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}."),

        // The reader's way to say that a string is not UTF-8, or escapes half of a surrogate pair.
        InvalidOperationException => new Problem(
            ProblemTypes.InvalidJson, "The body is not valid JSON: a string is not valid Unicode."),
        _ => null,
    };

    /// <summary>Enters the object that is the body.</summary>
    public bool BeginBody()
    {
        _reader.Read();
        if (BeginObject("#"))
        {
            return true;
        }

        EndBody();
        return false;
    }

    /// <summary>Whatever follows the object makes this throw.</summary>
    public void EndBody() => _reader.Read();

    /// <summary>Enters the object at hand; anything else is a fault, and skipped.</summary>
    public bool BeginObject(string pointer)
    {
        if (_reader.TokenType == JsonTokenType.StartObject)
        {
            return true;
        }

        _reader.Skip();
        Add(pointer, "invalid_type", "must be an object");
        return false;
    }

    /// <summary>Goes to the next member's name; false at the object's end.</summary>
    public bool NextMember() => _reader.Read() && _reader.TokenType == JsonTokenType.PropertyName;

    public readonly bool NameIs(ReadOnlySpan<byte> name) => _reader.ValueTextEquals(name);

    public readonly bool NameIs(string name) => _reader.ValueTextEquals(name);

    /// <summary>Goes from a member's name to its value, noting when the member was there before.</summary>
    public void ToValue(bool seenBefore, string parent)
    {
        if (seenBefore)
        {
            Add(PointerTo(parent), "duplicate_member", "is given more than once");
        }

        _reader.Read();
    }

    /// <param name="of">What the object is, as in "is not a member of a payment".</param>
    public void SkipUnknownMember(string parent, string of)
    {
        Add(PointerTo(parent), "unknown_member", "is not a member of " + of);
        _reader.Read();
        _reader.Skip();
    }

    public string? ReadString(string pointer, bool optional)
    {
        if (_reader.TokenType == JsonTokenType.String)
        {
            return _reader.GetString();
        }

        if (!optional || _reader.TokenType != JsonTokenType.Null)
        {
            Add(pointer, "invalid_type", optional ? "must be a string or null" : "must be a string");
        }

        _reader.Skip();
        return null;
    }

    public bool? ReadFlag(string pointer)
    {
        if (_reader.TokenType is JsonTokenType.True or JsonTokenType.False)
        {
            return _reader.GetBoolean();
        }

        Add(pointer, "invalid_type", "must be true or false");
        _reader.Skip();
        return null;
    }

    /// <summary>A list of strings; null is none at all.</summary>
    public List<string>? ReadStrings(string pointer, int most)
    {
        if (_reader.TokenType != JsonTokenType.StartArray)
        {
            if (_reader.TokenType != JsonTokenType.Null)
            {
                Add(pointer, "invalid_type", "must be a list of strings or null");
            }

            _reader.Skip();
            return null;
        }

        var texts = new List<string>();
        for (var i = 0; _reader.Read() && _reader.TokenType != JsonTokenType.EndArray; i++)
        {
            if (i == most)
            {
                Add(pointer, "too_many", $"has more than {most} items");
            }

            if (ReadString($"{pointer}/{i}", optional: false) is { } text && i < most)
            {
                texts.Add(text);
            }
        }

        return texts;
    }

    public readonly bool IsNull => _reader.TokenType == JsonTokenType.Null;

    public AmountReading ReadAmount(string pointer, out decimal amount)
    {
        amount = 0;
        var reading = _reader.TokenType switch
        {
            // An escape is another way to write a character, and amounts are written in digits: it is no number.
            JsonTokenType.Number or JsonTokenType.String => AmountText.Read(_reader.ValueSpan, out amount),
            _ => AmountReading.NotANumber,
        };
        if (reading == AmountReading.NotANumber)
        {
            Add(pointer, "invalid_type", "must be a number, or a string that holds one");
        }

        _reader.Skip();
        return reading;
    }

    /// <summary>A whole number; null, with a fault, when it is none.</summary>
    public int? ReadInteger(string pointer)
    {
        if (_reader.TokenType == JsonTokenType.Number && _reader.TryGetInt32(out var number))
        {
            return number;
        }

        Add(pointer, "invalid_type", "must be a whole number");
        _reader.Skip();
        return null;
    }

    /// <summary>An array of strings; what is none of these is a fault, and left out.</summary>
    public List<string> ReadStrings(string pointer)
    {
        var strings = new List<string>();
        if (_reader.TokenType != JsonTokenType.StartArray)
        {
            Add(pointer, "invalid_type", "must be an array");
            _reader.Skip();
            return strings;
        }

        for (var place = 0; _reader.Read() && _reader.TokenType != JsonTokenType.EndArray; place++)
        {
            if (ReadString(FormattableString.Invariant($"{pointer}/{place}"), optional: false) is { } text)
            {
                strings.Add(text);
            }
        }

        return strings;
    }

    public void Require(bool seen, string parent, string name)
    {
        if (!seen)
        {
            Add(parent + "/" + name, "required", "is missing");
        }
    }

    private void Add(string pointer, string code, string detail)
    {
        Errors ??= [];
        if (Errors.Count < MostErrors)
        {
            Errors.Add(ProblemError.At(pointer, code, detail));
        }
    }

    // RFC 6901: ~ and / are escaped, and the fragment form is percent-encoded.
    private readonly string PointerTo(string parent)
    {
        var name = _reader.GetString()!;
        var shown = name.Length <= LongestEchoedName ? name : name[..LongestEchoedName];
        return parent + "/" + Uri.EscapeDataString(
            shown.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal));
    }
}

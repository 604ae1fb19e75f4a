using System.Text.Json;

namespace Payments.Api.Payments;

/// <summary>
/// Reads the body of <c>POST /payments</c> in one pass. Written by hand because this is the hot path, and because a
/// serializer would accept what is refused here: unknown members, members given twice, rounded amounts.
/// </summary>
internal static class CreatePaymentParser
{
    // Enough to correct a body by; a hostile one does not get an answer longer than itself.
    private const int MostErrors = 10;
    private const int LongestEchoedName = 64;

    [Flags]
    private enum Members
    {
        None = 0,
        AccountId = 1,
        Amount = 2,
        Currency = 4,
        Description = 8,
    }

    /// <summary>
    /// The accepted request, or what is wrong with the body: its syntax first, its shape, then its values.
    /// </summary>
    public static Problem? Parse(ReadOnlySpan<byte> json, out CreatePaymentRequest? request)
    {
        request = null;
        var reader = new Utf8JsonReader(json);
        var members = default(CreatePaymentMembers);
        List<ProblemError>? errors = null;
        try
        {
            ReadObject(ref reader, ref members, ref errors);
        }
        catch (JsonException e)
        {
            return new Problem(
                ProblemTypes.InvalidJson,
                $"The body is not valid JSON: line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}.");
        }
        catch (InvalidOperationException)
        {
            // The reader's way to say that a string is not UTF-8, or escapes half of a surrogate pair.
            return new Problem(ProblemTypes.InvalidJson, "The body is not valid JSON: a string is not valid Unicode.");
        }

        return errors is null
            ? CreatePaymentRequest.Check(members, out request)
            : new Problem(ProblemTypes.InvalidRequest, "The body does not have the shape of a payment.", errors);
    }

    private static void ReadObject(
        ref Utf8JsonReader reader, ref CreatePaymentMembers members, ref List<ProblemError>? errors)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            reader.Read();
            Add(ref errors, "#", "invalid_type", "must be an object");
            return;
        }

        var seen = Members.None;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var member = Find(ref reader);
            if (member == Members.None)
            {
                Add(ref errors, PointerTo(reader.GetString()!), "unknown_member", "is not a member of a payment");
                reader.Read();
                reader.Skip();
                continue;
            }

            if ((seen & member) != Members.None)
            {
                Add(ref errors, PointerTo(reader.GetString()!), "duplicate_member", "is given more than once");
            }

            seen |= member;
            reader.Read();
            ReadMember(ref reader, member, ref members, ref errors);
        }

        // Whatever follows the object makes this throw.
        reader.Read();
        Require(seen, Members.AccountId, "#/accountId", ref errors);
        Require(seen, Members.Amount, "#/amount", ref errors);
    }

    private static Members Find(ref Utf8JsonReader reader) =>
        reader.ValueTextEquals("accountId"u8) ? Members.AccountId
        : reader.ValueTextEquals("amount"u8) ? Members.Amount
        : reader.ValueTextEquals("description"u8) ? Members.Description
        : reader.ValueTextEquals("currency"u8) ? Members.Currency
        : Members.None;

    private static void ReadMember(
        ref Utf8JsonReader reader, Members member, ref CreatePaymentMembers members, ref List<ProblemError>? errors)
    {
        switch (member)
        {
            case Members.AccountId:
                members.AccountId = ReadString(ref reader, "#/accountId", optional: false, ref errors);
                break;
            case Members.Currency:
                members.Currency = ReadString(ref reader, "#/currency", optional: true, ref errors);
                break;
            case Members.Description:
                members.Description = ReadString(ref reader, "#/description", optional: true, ref errors);
                break;
            default:
                ReadAmount(ref reader, ref members, ref errors);
                break;
        }
    }

    private static string? ReadString(
        ref Utf8JsonReader reader, string pointer, bool optional, ref List<ProblemError>? errors)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            return reader.GetString();
        }

        if (!optional || reader.TokenType != JsonTokenType.Null)
        {
            Add(ref errors, pointer, "invalid_type", optional ? "must be a string or null" : "must be a string");
        }

        reader.Skip();
        return null;
    }

    private static void ReadAmount(
        ref Utf8JsonReader reader, ref CreatePaymentMembers members, ref List<ProblemError>? errors)
    {
        members.AmountReading = reader.TokenType switch
        {
            // An escape is another way to write a character, and amounts are written in digits: it is no number.
            JsonTokenType.Number or JsonTokenType.String => AmountText.Read(reader.ValueSpan, out members.Amount),
            _ => AmountReading.NotANumber,
        };
        if (members.AmountReading == AmountReading.NotANumber)
        {
            Add(ref errors, "#/amount", "invalid_type", "must be a number, or a string that holds one");
        }

        reader.Skip();
    }

    private static void Require(Members seen, Members member, string pointer, ref List<ProblemError>? errors)
    {
        if ((seen & member) == Members.None)
        {
            Add(ref errors, pointer, "required", "is missing");
        }
    }

    private static void Add(ref List<ProblemError>? errors, string pointer, string code, string detail)
    {
        errors ??= [];
        if (errors.Count < MostErrors)
        {
            errors.Add(ProblemError.At(pointer, code, detail));
        }
    }

    // RFC 6901: ~ and / are escaped, and the fragment form is percent-encoded.
    internal static string PointerTo(string name)
    {
        var shown = name.Length <= LongestEchoedName ? name : name[..LongestEchoedName];
        return "#/" + Uri.EscapeDataString(
            shown.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal));
    }
}

using System.Globalization;
using System.Text.Json;
using Payments.Ledger;

namespace Payments.Api.Validation;

/// <summary>How one check ended.</summary>
internal abstract record Finding
{
    /// <param name="Evidence">What was seen, in one line.</param>
    public sealed record Passed(string Evidence) : Finding;

    /// <param name="Why">What this means and where to look, in one sentence.</param>
    public sealed record Failed(string Expected, string Found, string Why) : Finding;

    /// <summary>The first of the facts that is not as expected; null when all are.</summary>
    public static Failed? FirstDifference(string why, params ReadOnlySpan<Fact> facts)
    {
        foreach (var fact in facts)
        {
            if (fact.Expected != fact.Found)
            {
                return new Failed($"{fact.Name} {fact.Expected}", $"{fact.Name} {fact.Found}", why);
            }
        }

        return null;
    }
}

/// <summary>Something that must be equal to what is expected; both as they are shown.</summary>
internal readonly record struct Fact(string Name, string Expected, string Found)
{
    public static Fact Of<T>(string name, T expected, T found) => new(name, Show(expected), Show(found));

    /// <summary>
    /// A member of an answer, compared as it is written: 250.75 is not 250.750, and not "250.75".
    /// </summary>
    public static Fact Member(JsonElement json, string name, string expected) =>
        new(name, expected, json.TryGetMember(name, out var member) ? member.GetRawText() : "missing");

    /// <summary>A member that is a string without characters that JSON escapes.</summary>
    public static Fact Text(JsonElement json, string name, string expected) => Member(json, name, $"\"{expected}\"");

    /// <summary>A member that is an amount with exactly the decimals of its currency.</summary>
    public static Fact Amount(JsonElement json, string name, Money expected) =>
        Member(json, name, expected.ToDecimal().ToString(CultureInfo.InvariantCulture));

    public static Fact Nothing(JsonElement json, string name) => Member(json, name, "null");

    private static string Show<T>(T value) => value switch
    {
        null => "nothing",
        string text => $"\"{text}\"",
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "nothing",
    };
}

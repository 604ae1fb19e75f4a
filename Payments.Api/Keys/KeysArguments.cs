using System.Globalization;

namespace Payments.Api.Keys;

/// <summary>What stands behind <c>keys</c> on the command line. A mistyped option is refused, never ignored.</summary>
/// <param name="Settings">Arguments with a colon, and <c>--environment</c>: settings of the process.</param>
internal sealed record KeysArguments(
    string Verb, Guid? Id, string? Owner, IReadOnlyList<string> Scopes, DateTimeOffset? ExpiresAt, int? Limit,
    TimeSpan Overlap, IReadOnlyList<string> Settings)
{
    private const int LongestOwner = 64;

    private static readonly TimeSpan DefaultOverlap = TimeSpan.FromHours(24);

    private static readonly Dictionary<string, string[]> OptionsOf = new(StringComparer.Ordinal)
    {
        ["create"] = ["owner", "scopes", "expires", "limit"],
        ["list"] = [],
        ["revoke"] = [],
        ["rotate"] = ["overlap", "expires"],
    };

    /// <returns>The arguments, or one sentence that says what is wrong with them.</returns>
    public static (KeysArguments? Arguments, string? Complaint) Read(string[] args, DateTimeOffset now)
    {
        if (args is not [var verb, .. var rest] || !OptionsOf.TryGetValue(verb, out var known))
        {
            return (null, "say what to do.");
        }

        var settings = new List<string>();
        var names = new List<string>();
        var options = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < rest.Length; i++)
        {
            var (name, value) = Split(rest[i]);
            if (name is null)
            {
                names.Add(rest[i]);
            }
            else if (name.Contains(':', StringComparison.Ordinal) || name == "environment")
            {
                settings.Add(value is null && i + 1 < rest.Length ? $"{rest[i]}={rest[++i]}" : rest[i]);
            }
            else if (!known.Contains(name, StringComparer.Ordinal))
            {
                return (null, $"{verb} has no option --{name}.");
            }
            else
            {
                value ??= i + 1 < rest.Length && Split(rest[i + 1]).Name is null ? rest[++i] : "";
                if (value.Length == 0)
                {
                    return (null, $"--{name} needs a value.");
                }

                options[name] = value;
            }
        }

        return Check(verb, names, options, settings, now);
    }

    private static (KeysArguments?, string?) Check(
        string verb, List<string> names, Dictionary<string, string> options, List<string> settings, DateTimeOffset now)
    {
        Guid? id = null;
        if (verb is "revoke" or "rotate")
        {
            if (names is not [var text] || !Guid.TryParse(text, out var parsed))
            {
                return (null, $"{verb} wants the id of one key; keys list shows them.");
            }

            id = parsed;
        }
        else if (names.Count > 0)
        {
            return (null, $"{verb} does not know what '{names[0]}' means.");
        }

        var owner = options.GetValueOrDefault("owner");
        if (verb == "create" && (owner is null or { Length: > LongestOwner } || owner.Any(char.IsControl)))
        {
            return (null, $"--owner must name who will hold the key, in at most {LongestOwner} characters.");
        }

        var scopes = options.GetValueOrDefault("scopes", "")
            .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (verb == "create" && (scopes.Length == 0 || scopes.Except(Keys.Scopes.All, StringComparer.Ordinal).Any()))
        {
            return (null, "--scopes must be some of " + string.Join(',', Keys.Scopes.All) + ".");
        }

        DateTimeOffset? expiresAt = null;
        if (options.TryGetValue("expires", out var expires))
        {
            expiresAt = TryReadSpan(expires, out var after) ? now + after : ReadTime(expires);
            if (expiresAt is null || expiresAt <= now)
            {
                return (null, "--expires must be a time to come, such as 90d, 12h or 2027-01-31.");
            }
        }

        int? limit = null;
        if (options.TryGetValue("limit", out var perSecond))
        {
            if (!int.TryParse(perSecond, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number < 1)
            {
                return (null, "--limit must be a number of requests a second, from 1 on.");
            }

            limit = number;
        }

        var overlap = DefaultOverlap;
        return options.TryGetValue("overlap", out var span) && !TryReadSpan(span, out overlap)
            ? (null, "--overlap must be how long the old key goes on, such as 24h, 30m or 0m.")
            : (new(verb, id, owner, scopes, expiresAt, limit, overlap, settings), null);
    }

    private static (string? Name, string? Value) Split(string argument)
    {
        if (!argument.StartsWith("--", StringComparison.Ordinal))
        {
            return (null, null);
        }

        var equals = argument.IndexOf('=', StringComparison.Ordinal);
        return equals < 0 ? (argument[2..], null) : (argument[2..equals], argument[(equals + 1)..]);
    }

    private static bool TryReadSpan(string text, out TimeSpan span)
    {
        var isNumber = int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture,
            out var number) && number <= 100_000;
        (span, var isUnit) = text[^1] switch
        {
            'd' => (TimeSpan.FromDays(number), true),
            'h' => (TimeSpan.FromHours(number), true),
            'm' => (TimeSpan.FromMinutes(number), true),
            _ => (TimeSpan.Zero, false),
        };
        return isNumber && isUnit;
    }

    private static DateTimeOffset? ReadTime(string text) => DateTimeOffset.TryParse(
        text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
        out var time)
        ? time
        : null;
}

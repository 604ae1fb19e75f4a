using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Payments.Ledger.Reconciliation;

/// <summary>
/// What an operator may set of reconciliation: as <c>Reconciliation:HourlyInterval</c>, or by the name of the
/// documents, <c>RECONCILIATION_HOURLY_INTERVAL</c>. Where both are set, the first counts.
/// </summary>
public sealed class ReconciliationOptions
{
    public const string Section = "Reconciliation";

    /// <summary>Whether hourly and daily runs are scheduled. Manual ones are made all the same.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>From one hourly run to the next; set in minutes.</summary>
    public TimeSpan HourlyInterval { get; set; } = TimeSpan.FromMinutes(60);

    /// <summary>When the daily run is made, by the clock of <see cref="TimeZone"/>.</summary>
    public TimeOnly DailyRunTime { get; set; } = new(2, 0);

    public TimeZoneInfo TimeZone { get; set; } = TimeZoneInfo.Utc;

    /// <summary>Whether remainders of low severity are corrected by themselves.</summary>
    public bool AutoCorrectLowSeverity { get; set; } = true;

    /// <summary>Where alerts of high and critical exceptions go, beside the targets that the API knows.</summary>
    public Uri? AlertWebhookUrl { get; set; }

    /// <summary>Reads the settings.</summary>
    /// <param name="complaints">Gets a sentence for each value that cannot be used.</param>
    public void Read(IConfiguration configuration, ICollection<string> complaints)
    {
        var settings = new Settings(configuration, complaints);
        Enabled = settings.Read(nameof(Enabled), "RECONCILIATION_ENABLED", "true or false", ParseFlag) ?? Enabled;
        HourlyInterval = settings.Read(
            nameof(HourlyInterval), "RECONCILIATION_HOURLY_INTERVAL", "a whole number of minutes from 1 to 1440",
            ParseInterval) ?? HourlyInterval;
        DailyRunTime = settings.Read(
            nameof(DailyRunTime), "RECONCILIATION_DAILY_RUN_TIME", "a time of day such as 02:00", ParseTime)
            ?? DailyRunTime;
        AutoCorrectLowSeverity = settings.Read(
            nameof(AutoCorrectLowSeverity), "RECONCILIATION_AUTO_CORRECT_LOW_SEVERITY", "true or false", ParseFlag)
            ?? AutoCorrectLowSeverity;
        AlertWebhookUrl = settings.Read(
            nameof(AlertWebhookUrl), "RECONCILIATION_ALERT_WEBHOOK_URL",
            "an absolute http or https address without credentials", ParseAddress) ?? AlertWebhookUrl;
        TimeZone = settings.Read(
            nameof(TimeZone), "RECONCILIATION_TIME_ZONE", "a time zone of this machine, such as UTC or Europe/Berlin",
            ParseZone) ?? TimeZone;
    }

    private static bool? ParseFlag(string text) => bool.TryParse(text, out var flag) ? flag : null;

    private static TimeSpan? ParseInterval(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var minutes)
        && minutes is >= 1 and <= 1_440
            ? TimeSpan.FromMinutes(minutes)
            : null;

    private static TimeOnly? ParseTime(string text) => TimeOnly.TryParseExact(
        text, ["HH:mm", "H:mm", "HH:mm:ss"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var time)
        ? time
        : null;

    private static TimeZoneInfo? ParseZone(string text) =>
        TimeZoneInfo.TryFindSystemTimeZoneById(text, out var zone) ? zone : null;

    private static Uri? ParseAddress(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var address)
        && (address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps)
        && address.UserInfo.Length == 0
            ? address
            : null;

    private sealed class Settings(IConfiguration configuration, ICollection<string> complaints)
    {
        public T? Read<T>(string option, string variable, string wanted, Func<string, T?> parse)
            where T : struct => Find(option, variable, wanted, parse, value => value.HasValue);

        public T? Read<T>(string option, string variable, string wanted, Func<string, T?> parse)
            where T : class => Find(option, variable, wanted, parse, value => value is not null);

        private T? Find<T>(
            string option, string variable, string wanted, Func<string, T?> parse, Func<T?, bool> isValue)
        {
            foreach (var name in new[] { $"{Section}:{option}", variable })
            {
                if (configuration[name]?.Trim() is not { Length: > 0 } text)
                {
                    continue;
                }

                var value = parse(text);
                if (!isValue(value))
                {
                    // An address may hold a secret, so the value itself is shown of the others alone.
                    var shown = option == nameof(AlertWebhookUrl) ? "what it is" : $"'{text}'";
                    complaints.Add($"{name} must be {wanted}, not {shown}.");
                }

                return value;
            }

            return default;
        }
    }
}

public static class ReconciliationSettings
{
    /// <summary>The settings, checked when the process starts.</summary>
    public static void AddReconciliationOptions(this IServiceCollection services)
    {
        services.AddOptions<ReconciliationOptions>()
            .Configure<IConfiguration>((options, configuration) => options.Read(configuration, []))
            .ValidateOnStart();
        services.AddSingleton<IValidateOptions<ReconciliationOptions>, Checked>();
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<ReconciliationOptions>>().Value);
    }

    private sealed class Checked(IConfiguration configuration) : IValidateOptions<ReconciliationOptions>
    {
        public ValidateOptionsResult Validate(string? name, ReconciliationOptions options)
        {
            var complaints = new List<string>();
            new ReconciliationOptions().Read(configuration, complaints);
            return complaints.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(complaints);
        }
    }
}

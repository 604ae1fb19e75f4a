using Microsoft.Extensions.Configuration;
using Payments.Ledger.Reconciliation;

namespace Payments.Ledger.Tests;

public sealed class ReconciliationOptionsTests
{
    [Fact]
    public void Without_a_setting_they_are_those_of_the_documents()
    {
        var (options, complaints) = Read();

        Assert.Empty(complaints);
        Assert.Equal(
            (true, TimeSpan.FromHours(1), new TimeOnly(2, 0), "UTC", true, null),
            (options.Enabled, options.HourlyInterval, options.DailyRunTime, options.TimeZone.Id,
                options.AutoCorrectLowSeverity, options.AlertWebhookUrl));
    }

    [Theory]
    [InlineData(
        "RECONCILIATION_ENABLED", "RECONCILIATION_HOURLY_INTERVAL", "RECONCILIATION_DAILY_RUN_TIME",
        "RECONCILIATION_TIME_ZONE", "RECONCILIATION_AUTO_CORRECT_LOW_SEVERITY", "RECONCILIATION_ALERT_WEBHOOK_URL")]
    [InlineData(
        "Reconciliation:Enabled", "Reconciliation:HourlyInterval", "Reconciliation:DailyRunTime",
        "Reconciliation:TimeZone", "Reconciliation:AutoCorrectLowSeverity", "Reconciliation:AlertWebhookUrl")]
    public void Either_spelling_sets_them(
        string enabled, string interval, string time, string zone, string correct, string address)
    {
        var (options, complaints) = Read(
            (enabled, "false"), (interval, "15"), (time, "03:30"), (zone, "Europe/Berlin"), (correct, "FALSE"),
            (address, "https://alerts.example.com/hook"));

        Assert.Empty(complaints);
        Assert.Equal(
            (false, TimeSpan.FromMinutes(15), new TimeOnly(3, 30), "Europe/Berlin", false,
                new Uri("https://alerts.example.com/hook")),
            (options.Enabled, options.HourlyInterval, options.DailyRunTime, options.TimeZone.Id,
                options.AutoCorrectLowSeverity, options.AlertWebhookUrl));
    }

    [Fact]
    public void Where_both_are_set_the_ordinary_option_counts()
    {
        var (options, _) = Read(("RECONCILIATION_HOURLY_INTERVAL", "15"), ("Reconciliation:HourlyInterval", "30"));

        Assert.Equal(TimeSpan.FromMinutes(30), options.HourlyInterval);
    }

    [Theory]
    [InlineData("RECONCILIATION_ENABLED", "yes", "must be true or false, not 'yes'.")]
    [InlineData("RECONCILIATION_HOURLY_INTERVAL", "0", "must be a whole number of minutes from 1 to 1440, not '0'.")]
    [InlineData("Reconciliation:HourlyInterval", "1h", "must be a whole number of minutes from 1 to 1440, not '1h'.")]
    [InlineData("RECONCILIATION_DAILY_RUN_TIME", "25:00", "must be a time of day such as 02:00, not '25:00'.")]
    [InlineData(
        "Reconciliation:TimeZone", "Mars/Olympus",
        "must be a time zone of this machine, such as UTC or Europe/Berlin, not 'Mars/Olympus'.")]
    [InlineData(
        "RECONCILIATION_ALERT_WEBHOOK_URL", "/alerts?token=secret",
        "must be an absolute http or https address without credentials, not what it is.")]
    [InlineData(
        "RECONCILIATION_ALERT_WEBHOOK_URL", "ftp://alerts.example.com",
        "must be an absolute http or https address without credentials, not what it is.")]
    public void A_bad_value_is_one_sentence_that_names_the_setting_as_it_was_spelled(
        string name, string value, string sentence)
    {
        var (_, complaints) = Read((name, value));

        Assert.Equal([$"{name} {sentence}"], complaints);
    }

    private static (ReconciliationOptions Options, List<string> Complaints) Read(
        params (string Name, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Name, (string?)s.Value)))
            .Build();
        var complaints = new List<string>();
        var options = new ReconciliationOptions();
        options.Read(configuration, complaints);
        return (options, complaints);
    }
}

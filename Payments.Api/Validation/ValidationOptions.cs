using System.Globalization;
using Npgsql;
using Payments.Ledger.Migrations;

namespace Payments.Api.Validation;

/// <summary>
/// What <c>validate</c> looks at: section <c>Validate</c>, <c>services:api:http:0</c> and
/// <c>ConnectionStrings:payments</c> of the configuration.
/// </summary>
/// <param name="ApiKey">Null: the API lets callers of this machine act as the developer.</param>
/// <param name="Database">Connects as the services' role, for reading only.</param>
/// <param name="SettleWithin">How long the worker may take.</param>
internal sealed record ValidationOptions(Uri Api, string? ApiKey, string Database, TimeSpan SettleWithin)
{
    private const string DefaultApi = "http://localhost:3001";

    private const int DefaultSettleSeconds = 30;

    private const int MostSettleSeconds = 600;

    // A server that is there answers at once: the driver's 15 and 30 seconds are long for a person who waits.
    private const int ConnectSeconds = 5;

    private const int CommandSeconds = 10;

    // The port and the password of the AppHost's development run.
    private const string DevelopmentDatabase =
        $"Host=localhost;Port=5432;Database=payments;Username={Migrator.AppRole};Password=payments_app";

    /// <returns>The options, or one sentence that says which setting is wrong.</returns>
    public static (ValidationOptions? Options, string? Complaint) Read(
        IConfiguration configuration, IHostEnvironment environment)
    {
        var address = Given(configuration["Validate:Api"]) ?? Given(configuration["services:api:http:0"]) ?? DefaultApi;
        if (!Uri.TryCreate(address, UriKind.Absolute, out var api) || api.Scheme is not ("http" or "https"))
        {
            return (null, $"Validate:Api must be an address such as {DefaultApi}, not '{address}'.");
        }

        var database = Given(configuration.GetConnectionString("payments"))
            ?? (environment.IsDevelopment() ? DevelopmentDatabase : null);
        if (database is null)
        {
            return (null, "ConnectionStrings:payments (environment: ConnectionStrings__payments) is not set.");
        }

        var seconds = DefaultSettleSeconds;
        if (Given(configuration["Validate:SettleSeconds"]) is { } text
            && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out seconds)
                || seconds is < 1 or > MostSettleSeconds))
        {
            return (null, $"Validate:SettleSeconds must be a number from 1 to {MostSettleSeconds}, not '{text}'.");
        }

        try
        {
            return (
                new(api, Given(configuration["Validate:ApiKey"]), ForReading(database), TimeSpan.FromSeconds(seconds)),
                null);
        }
        catch (ArgumentException e)
        {
            return (null, $"ConnectionStrings:payments is not a connection string: {e.Message}");
        }
    }

    private static string ForReading(string database)
    {
        var builder = new NpgsqlConnectionStringBuilder(database)
        {
            ApplicationName = "payments-validate",
            Timeout = ConnectSeconds,
            CommandTimeout = CommandSeconds,
            Pooling = false,
        };
        builder.Options = $"{builder.Options} -c default_transaction_read_only=on".TrimStart();
        return builder.ConnectionString;
    }

    private static string? Given(string? setting) => string.IsNullOrWhiteSpace(setting) ? null : setting;
}

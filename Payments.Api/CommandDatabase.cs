using Payments.Ledger.Migrations;

namespace Payments.Api;

/// <summary>The database that a command of this program works on.</summary>
internal static class CommandDatabase
{
    // The port and the passwords of the AppHost's development run.
    private const string Development = "Host=localhost;Port=5432;Database=payments;";

    private const string AsServices = Development + $"Username={Migrator.AppRole};Password=payments_app";

    private const string AsSuperuser = Development + "Username=postgres;Password=postgres";

    /// <summary><c>ConnectionStrings:payments</c>; on a development machine that of the development run.</summary>
    /// <param name="superuser">Whether the services' role may too little for the command.</param>
    public static (string? ConnectionString, string? Complaint) Find(
        IConfiguration configuration, IHostEnvironment environment, bool superuser) =>
        configuration.GetConnectionString("payments") is { } given && !string.IsNullOrWhiteSpace(given) ? (given, null)
        : environment.IsDevelopment() ? (superuser ? AsSuperuser : AsServices, null)
        : (null, "ConnectionStrings:payments (environment: ConnectionStrings__payments) is not set.");
}

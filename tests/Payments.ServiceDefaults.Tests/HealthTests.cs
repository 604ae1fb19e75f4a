using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Payments.ServiceDefaults.Tests;

public sealed class HealthTests
{
    // Nothing listens on port 1.
    private const string Unreachable = "Host=127.0.0.1;Port=1;Username=nobody;Timeout=5";

    [Fact]
    public async Task A_service_without_checks_of_its_own_is_healthy_once_it_runs()
    {
        await using var service = await TestService.StartAsync();

        var health = await service.Client.GetStringAsync("/health", TestContext.Current.CancellationToken);

        Assert.Equal("""{"status":"healthy","checks":{"self":"healthy"}}""", health);
    }

    [Fact]
    public async Task A_database_that_does_not_answer_makes_a_service_unready_but_not_dead()
    {
        await using var service = await TestService.StartAsync(
            builder => builder.AddNpgsqlDataSource("payments"),
            settings: [("ConnectionStrings:payments", Unreachable)]);

        using var health = await service.Client.GetAsync("/health", TestContext.Current.CancellationToken);
        using var alive = await service.Client.GetAsync("/alive", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, health.StatusCode);
        Assert.Equal(
            """{"status":"unhealthy","checks":{"self":"healthy","PostgreSql":"unhealthy"}}""",
            await health.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal(HttpStatusCode.OK, alive.StatusCode);
    }

    [Fact]
    public async Task A_missing_connection_string_is_refused_by_name()
    {
        await using var service = await TestService.StartAsync(builder => builder.AddNpgsqlDataSource("payments"));

        var refusal = Assert.Throws<InvalidOperationException>(
            () => service.App.Services.GetRequiredService<NpgsqlDataSource>());

        Assert.Contains("'ConnectionStrings:payments'", refusal.Message, StringComparison.Ordinal);
    }
}

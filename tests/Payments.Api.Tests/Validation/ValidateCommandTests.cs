using System.Net;
using System.Net.Sockets;
using Payments.Api.Validation;

namespace Payments.Api.Tests.Validation;

/// <summary>The command as it is typed: settings, output and exit code, with our own API and worker.</summary>
public sealed class ValidateCommandTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private string[] Settings =>
    [
        "validate", $"--Validate:Api={fixture.Client.BaseAddress}", $"--Validate:ApiKey={ApiServer.Key}",
        $"--ConnectionStrings:payments={fixture.Database.AppConnectionString}",
    ];

    [Fact]
    public async Task A_system_that_works_passes_every_check_as_often_as_it_is_asked_also_at_once()
    {
        await using var worker = SettlingWorker.Start(fixture.Database);

        var runs = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => RunAsync(Settings)));
        var last = await RunAsync(Settings);

        Assert.All(runs.Append(last), run =>
        {
            Assert.EndsWith(
                """

                ✅ ALL VALIDATION CHECKS PASSED

                Summary:
                  • Payment creation: ✅
                  • Database persistence: ✅
                  • Job queue: ✅
                  • Worker processing: ✅
                  • Ledger updates: ✅
                  • Balance endpoint: ✅
                  • Idempotency: ✅

                """,
                run.Output,
                StringComparison.Ordinal);
            Assert.Equal(0, run.ExitCode);
        });
        await Books.ShouldBeRightAsync(fixture.Database);
    }

    [Fact]
    public async Task An_api_that_is_down_fails_the_creation_and_says_how_to_start_it()
    {
        var run = await RunAsync([.. Settings, $"--Validate:Api=http://localhost:{UnusedPort()}"]);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("VALIDATION CHECK FAILED: Payment creation", run.Output, StringComparison.Ordinal);
        Assert.Contains("The API cannot be reached: start the system", run.Output, StringComparison.Ordinal);
        Assert.Contains("Connection refused", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Validate:ApiKey=wrong", "The API does not know the caller (401): set Validate:ApiKey")]
    [InlineData("Validate:ApiKey=", "The API does not know the caller (401): set Validate:ApiKey")]
    [InlineData("Validate:ApiKey=reader", "The API key may not do this (403)")]
    public async Task A_key_that_the_api_refuses_fails_the_creation(string setting, string says)
    {
        await TestKeys.AddAsync(fixture.Database, "tester", "reader", ["payments:read"]);

        var run = await RunAsync([.. Settings, "--" + setting]);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("VALIDATION CHECK FAILED: Payment creation", run.Output, StringComparison.Ordinal);
        Assert.Contains(says, run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_that_refuses_or_is_gone_fails_the_persistence()
    {
        var database = fixture.Database.AppConnectionString;

        var refused = await RunAsync([.. Settings, $"--ConnectionStrings:payments={database};Password=wrong"]);
        var gone = await RunAsync([.. Settings, $"--ConnectionStrings:payments={database};Port={UnusedPort()}"]);

        Assert.Equal((1, 1), (refused.ExitCode, gone.ExitCode));
        Assert.All([refused, gone], run => Assert.Contains(
            "VALIDATION CHECK FAILED: Database persistence", run.Output, StringComparison.Ordinal));
        Assert.Contains("The database refuses", refused.Output, StringComparison.Ordinal);
        Assert.Contains("The database cannot be reached", gone.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_worker_the_processing_fails_after_the_seconds_that_were_set()
    {
        var run = await RunAsync([.. Settings, "--Validate:SettleSeconds=1"]);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("process the job (at most 1 seconds)", run.Output, StringComparison.Ordinal);
        Assert.Contains("VALIDATION CHECK FAILED: Worker processing", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Validate:Api=localhost", "Validate:Api must be an address")]
    [InlineData("Validate:SettleSeconds=0", "Validate:SettleSeconds must be a number from 1 to 600")]
    [InlineData("Validate:SettleSeconds=soon", "Validate:SettleSeconds must be a number from 1 to 600")]
    [InlineData("ConnectionStrings:payments=nonsense", "ConnectionStrings:payments is not a connection string")]
    [InlineData("ConnectionStrings:payments=", "ConnectionStrings:payments (environment:")]
    public async Task A_wrong_setting_ends_it_with_1(string setting, string says)
    {
        var run = await RunAsync([.. Settings, "--" + setting, "--environment=Production"]);

        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("validate: " + says, run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_api_is_found_by_service_discovery()
    {
        var run = await RunAsync([.. Settings, "--Validate:Api=", "--services:api:http:0=http://localhost:1"]);

        Assert.StartsWith("Validating the system behind http://localhost:1\n", run.Output, StringComparison.Ordinal);
    }

    private static async Task<(int ExitCode, string Output)> RunAsync(string[] arguments)
    {
        var output = new StringWriter();
        return (await ValidateCommand.RunAsync(arguments, output), output.ToString());
    }

    private static int UnusedPort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

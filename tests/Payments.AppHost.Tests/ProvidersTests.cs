using System.Net.Http.Json;
using System.Text.Json;
using Aspire.Hosting.Testing;

namespace Payments.AppHost.Tests;

/// <summary>The sandbox of the providers within the system.</summary>
[Collection(nameof(RunningApplication))]
public sealed class ProvidersTests(RunningApplication fixture, ITestOutputHelper output)
    : ApplicationTests(fixture, output)
{
    [Fact]
    public void The_workers_ask_the_sandbox_for_the_balances()
    {
        var sandbox = Application.App.GetEndpoint("providers");

        Assert.All(Application.Replicas("worker"), worker => Assert.Equal(
            (sandbox, sandbox),
            (new(worker.Snapshot.Variable("Providers__Circle__BaseUrl")!),
                new Uri(worker.Snapshot.Variable("Providers__Alpaca__BaseUrl")!))));
    }

    [Fact]
    public async Task Commands_shift_break_and_heal_a_provider()
    {
        using var sandbox = Application.PlainClient("providers");

        await Application.CommandAsync("providers", "circle-shift", Cancel);
        await Application.CommandAsync("providers", "circle-shift", Cancel);
        await Application.CommandAsync("providers", "circle-break", Cancel);
        var disturbed = await sandbox.GetFromJsonAsync<JsonElement>("/sandbox/circle", Cancel);
        await Application.CommandAsync("providers", "circle-heal", Cancel);
        var healed = await sandbox.GetFromJsonAsync<JsonElement>("/sandbox/circle", Cancel);

        Assert.Equal(
            ("50.00", "error"),
            (disturbed.GetProperty("shift").GetString(), disturbed.GetProperty("broken").GetString()));
        Assert.Equal(
            ("0.00", JsonValueKind.Null),
            (healed.GetProperty("shift").GetString(), healed.GetProperty("broken").ValueKind));
    }
}

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

    [Fact]
    public async Task What_Circle_holds_follows_a_completed_deposit()
    {
        using var sandbox = Application.PlainClient("providers");
        using var api = Application.PlainClient("api");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/deposits")
        {
            Content = JsonContent.Create(new { accountId = "providers-follow", amount = 12.34m }),
            Headers = { { "Idempotency-Key", "providers-follow" } },
        };

        using var created = await api.SendAsync(request, Cancel);
        var deposit = await created.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        var completion = $"/api/v1/deposits/{deposit.GetProperty("id").GetString()}/complete";
        using var completed = await api.PostAsync(new Uri(completion, UriKind.Relative), content: null, Cancel);

        Assert.True(completed.IsSuccessStatusCode, await completed.Content.ReadAsStringAsync(Cancel));
        while ((await sandbox.GetFromJsonAsync<JsonElement>("/sandbox/circle", Cancel))
            .GetProperty("byTheFlows").GetString() != "12.34")
        {
            await Task.Delay(TimeSpan.FromMilliseconds(200), Cancel);
        }
    }
}

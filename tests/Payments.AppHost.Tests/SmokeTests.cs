using Aspire.Hosting.Testing;

namespace Payments.AppHost.Tests;

public sealed class SmokeTests
{
    [Fact]
    public async Task It_starts()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.Payments_AppHost>(cancel);
        await using var app = await builder.BuildAsync(cancel);
        await app.StartAsync(cancel);
        await app.ResourceNotifications.WaitForResourceHealthyAsync("api", cancel);
        using var http = app.CreateHttpClient("api");
        Assert.Contains("healthy", await http.GetStringAsync("/health", cancel));
        await app.StopAsync(cancel);
    }
}

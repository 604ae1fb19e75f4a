using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Payments.Ledger.Webhooks;

public static class WebhookServices
{
    /// <summary>The settings, the targets' secrets and where webhooks may go.</summary>
    public static void AddWebhookVault(this IServiceCollection services)
    {
        services.AddOptions<WebhookOptions>()
            .BindConfiguration(WebhookOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<WebhookOptions>>().Value);
        services.AddSingleton<WebhookVault>();
        services.AddSingleton(provider => new WebhookAddress(
            allowLoopback: provider.GetRequiredService<IHostEnvironment>().IsDevelopment()));
    }
}

namespace Recon.Worker.Jobs;

internal static class HearingServices
{
    /// <summary>Lets a service hear what is said on its channel.</summary>
    public static void AddHearing<T>(this IServiceCollection services)
        where T : class, IHears => services.AddSingleton<IHears>(provider => provider.GetRequiredService<T>());

    /// <summary>A service that runs for as long as the process and is asked for by others.</summary>
    public static void AddHostedSingleton<T>(this IServiceCollection services)
        where T : class, IHostedService
    {
        services.AddSingleton<T>();
        services.AddHostedService(provider => provider.GetRequiredService<T>());
    }
}

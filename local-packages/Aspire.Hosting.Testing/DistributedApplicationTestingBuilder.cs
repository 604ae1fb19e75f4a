using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.Testing;

/// <summary>Runs an AppHost inside a test process, which may change its description before it is built.</summary>
public static class DistributedApplicationTestingBuilder
{
    public static Task<IDistributedApplicationTestingBuilder> CreateAsync<TEntryPoint>(
        CancellationToken cancellationToken = default)
        where TEntryPoint : class => CreateAsync<TEntryPoint>([], cancellationToken);

    public static Task<IDistributedApplicationTestingBuilder> CreateAsync<TEntryPoint>(
        string[] args, CancellationToken cancellationToken = default)
        where TEntryPoint : class => CreateAsync<TEntryPoint>(args, (_, _) => { }, cancellationToken);

    /// <summary>
    /// Runs the entry point of the assembly that holds <typeparamref name="TEntryPoint"/> until it calls
    /// <see cref="IDistributedApplicationBuilder.Build"/>. The dashboard is off, ports are random, kept data are not
    /// touched, and the AppHost's first launch profile is part of the configuration.
    /// </summary>
    /// <param name="args">Settings as <c>KEY=VALUE</c> or <c>--KEY=VALUE</c>; they win over all others.</param>
    /// <param name="configureBuilder">May change these defaults.</param>
    /// <remarks>What the entry point throws, this throws.</remarks>
    public static async Task<IDistributedApplicationTestingBuilder> CreateAsync<TEntryPoint>(
        string[] args,
        Action<DistributedApplicationOptions, HostApplicationBuilderSettings> configureBuilder,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(args);
        ArgumentNullException.ThrowIfNull(configureBuilder);

        if (args.Any(string.IsNullOrEmpty))
        {
            throw new ArgumentException("An argument is empty.", nameof(args));
        }

        var run = new EntryPointRun(typeof(TEntryPoint).Assembly, args, configureBuilder);

        try
        {
            return new TestingBuilder(run, await run.CreateAsync(cancellationToken));
        }
        catch
        {
            await run.DisposeAsync();
            throw;
        }
    }
}

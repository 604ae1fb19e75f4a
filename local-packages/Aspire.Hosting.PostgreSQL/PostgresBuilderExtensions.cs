using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Postgres.Native;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Aspire.Hosting;

public static class PostgresBuilderExtensions
{
    /// <summary>
    /// Adds a server on 127.0.0.1. Without <see cref="WithDataVolume"/> its data end with the application.
    /// </summary>
    public static IResourceBuilder<PostgresServerResource> AddPostgres(
        this IDistributedApplicationBuilder builder,
        string name,
        IResourceBuilder<ParameterResource>? userName = null,
        IResourceBuilder<ParameterResource>? password = null,
        int? port = null)
    {
        var generated = new ParameterResource(
            $"{name}-password", _ => RandomNumberGenerator.GetHexString(32), secret: true);
        var server = new PostgresServerResource(name, userName?.Resource, password?.Resource ?? generated);
        var check = $"{name}_check";
        builder.Services.AddHealthChecks().AddAsyncCheck(check, cancel => CheckAsync(server, cancel));
        var throwaway = new ThrowawayVolume();
        builder.Services.AddSingleton<IHostedService>(_ => throwaway);

        return builder.AddResource(server)
            .WithRelationship(server.PasswordParameter, "Reference")
            .WithAnnotation(new EndpointAnnotation(
                ProtocolType.Tcp, name: PostgresServerResource.EndpointName, port: port, isProxied: false))
            .WithAnnotation(new ProcessAnnotation((_, cancel) => PrepareAsync(server, throwaway, cancel)))
            .WithHealthCheck(check);
    }

    public static IResourceBuilder<PostgresServerResource> WithHostPort(
        this IResourceBuilder<PostgresServerResource> builder, int? port) =>
        builder.WithEndpoint(PostgresServerResource.EndpointName, endpoint => endpoint.Port = port);

    /// <summary>
    /// Keeps the data between runs, by default in a folder named for the AppHost and the server. An application under
    /// test neither sees nor keeps them: there a volume lasts as long as the application.
    /// </summary>
    public static IResourceBuilder<PostgresServerResource> WithDataVolume(
        this IResourceBuilder<PostgresServerResource> builder, string? name = null, bool isReadOnly = false)
    {
        if (isReadOnly)
        {
            throw new NotSupportedException("A server that runs here cannot have a read-only volume.");
        }

        if (builder.ApplicationBuilder.Configuration.GetValue<bool>(DistributedApplicationBuilder.ThrowawayVolumesKey))
        {
            return builder;
        }

        var volume = name ?? VolumeName(builder.ApplicationBuilder, builder.Resource);
        return builder.WithAnnotation(new DataVolumeAnnotation(volume), ResourceAnnotationMutationBehavior.Replace);
    }

    public static IResourceBuilder<PostgresDatabaseResource> AddDatabase(
        this IResourceBuilder<PostgresServerResource> builder, string name, string? databaseName = null)
    {
        var database = new PostgresDatabaseResource(name, databaseName ?? name, builder.Resource);
        builder.Resource.AddDatabase(name, database.DatabaseName);
        builder.WithAnnotation(new ReadyAnnotation((services, cancel) => CreateAsync(database, services, cancel)));
        return builder.ApplicationBuilder.AddResource(database);
    }

    private static async Task<ProcessCommand> PrepareAsync(
        PostgresServerResource server, ThrowawayVolume throwaway, CancellationToken cancel)
    {
        try
        {
            var programs = await NativePostgres.FindAsync(cancel);
            var kept = server.Annotations.OfType<DataVolumeAnnotation>().LastOrDefault();
            var volume = kept is null
                ? await throwaway.OpenAsync(programs, cancel)
                : Path.Combine(NativePostgres.StateDirectory, "volumes", kept.Name);
            var data = await programs.PrepareDataAsync(
                volume,
                (await server.UserNameReference.GetValueAsync(cancel))!,
                (await server.PasswordParameter.GetValueAsync(cancel))!,
                cancel);
            var (program, arguments) = programs.ServerCommand(data, server.PrimaryEndpoint.Port);
            return new(program, arguments, "/") { Shown = "postgres" };
        }
        catch (InvalidOperationException e)
        {
            throw new DistributedApplicationException(e.Message, e);
        }
    }

    private static async Task<HealthCheckResult> CheckAsync(PostgresServerResource server, CancellationToken cancel)
    {
        try
        {
            await using var connection = await ConnectAsync(server, cancel);
            return HealthCheckResult.Healthy();
        }
        catch (NpgsqlException e)
        {
            return HealthCheckResult.Unhealthy("The server refuses connections.", e);
        }
    }

    private static async Task CreateAsync(
        PostgresDatabaseResource database, IServiceProvider services, CancellationToken cancel)
    {
        await using var connection = await ConnectAsync(database.Parent, cancel);
        var identifier = new NpgsqlCommandBuilder().QuoteIdentifier(database.DatabaseName);

        // CREATE DATABASE takes no parameters, hence the quoted identifier.
        await using var command = new NpgsqlCommand($"CREATE DATABASE {identifier}", connection);

        try
        {
            await command.ExecuteNonQueryAsync(cancel);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.DuplicateDatabase)
        {
            // An earlier run has made it.
        }

        await services.GetRequiredService<ResourceNotificationService>().PublishUpdateAsync(
            database, snapshot => snapshot with { State = KnownResourceStates.Running, IsReady = true });
    }

    private static async Task<NpgsqlConnection> ConnectAsync(PostgresServerResource server, CancellationToken cancel)
    {
        var address = await server.ConnectionStringExpression.GetValueAsync(cancel);
        var connection = new NpgsqlConnection($"{address};Database=postgres;Pooling=false;Timeout=5");

        try
        {
            await connection.OpenAsync(cancel);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    // Two clones of the repository, or two AppHosts, must not share their data by accident.
    private static string VolumeName(IDistributedApplicationBuilder builder, PostgresServerResource resource)
    {
        var application = builder.Environment.ApplicationName.ToLowerInvariant();
        var place = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(builder.AppHostDirectory)))[..10];
        return $"{application}-{place}-{resource.Name}-data";
    }

    private sealed record DataVolumeAnnotation(string Name) : IResourceAnnotation;
}

using System.Net.Http.Headers;
using System.Runtime.InteropServices;
using System.Text;
using Npgsql;

namespace Payments.Api.Validation;

/// <summary>
/// <c>Payments.Api validate</c>: checks a running system end to end, and says on standard output what it saw and by its
/// exit code whether everything passed.
/// </summary>
internal static class ValidateCommand
{
    public const string Name = "validate";

    private const int LargestAnswer = 1024 * 1024;

    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(10);

    /// <summary>Writes to standard output, in UTF-8 whatever the locale.</summary>
    /// <returns>0 when every check passed, else 1.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        await using var output = new StreamWriter(
            Console.OpenStandardOutput(), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        output.AutoFlush = true;
        return await RunAsync(args, output);
    }

    internal static async Task<int> RunAsync(string[] args, TextWriter output)
    {
        // Only its settings are used; of the two kinds of builders this one knows the environment as the API does.
        var builder = WebApplication.CreateBuilder(args);
        var (options, complaint) = ValidationOptions.Read(builder.Configuration, builder.Environment);
        if (options is null)
        {
            await output.WriteLineAsync("validate: " + complaint);
            return 1;
        }

        var clock = TimeProvider.System;
        using var stopping = new CancellationTokenSource();
        using var interrupt = StopOn(PosixSignal.SIGINT, stopping);
        using var terminate = StopOn(PosixSignal.SIGTERM, stopping);
        using var http = CreateClient(options);
        await using var database = NpgsqlDataSource.Create(options.Database);
        try
        {
            var passed = await new ValidateSystem(http, database, options, clock, output)
                .RunAsync(Guid.CreateVersion7(clock.GetUtcNow()), stopping.Token);
            return passed ? 0 : 1;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            await output.WriteLineAsync("\nvalidate: stopped before it was done.");
            return 1;
        }
    }

    /// <summary>A client without retries and proxies: what the API answers is what is to be seen.</summary>
    internal static HttpClient CreateClient(ValidationOptions options)
    {
        var http = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false })
        {
            BaseAddress = options.Api,
            Timeout = AnswerWithin,
            MaxResponseContentBufferSize = LargestAnswer,
        };
        if (options.ApiKey is { } key)
        {
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }

        return http;
    }

    private static PosixSignalRegistration StopOn(PosixSignal signal, CancellationTokenSource stopping) =>
        PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            stopping.Cancel();
        });
}

using System.Globalization;
using Aspire.Hosting.Local.Sample;

// A service for the tests of the local edition: it tells what it was started with, and misbehaves when told to.
// SAMPLE_OUTPUT and SAMPLE_EXIT_CODE: writes the text and ends at once. SAMPLE_DIARY: a file to which it appends a line
// at its start and one when asked to end, SAMPLE_LAST_WORDS_MS later. SAMPLE_DEAF: does not hear SIGTERM.
// SAMPLE_UNHEALTHY: starts unhealthy.
var settings = Environment.GetEnvironmentVariables();

if (settings["SAMPLE_EXIT_CODE"] is string exitCode)
{
    Console.WriteLine(settings["SAMPLE_OUTPUT"]);
    return int.Parse(exitCode, CultureInfo.InvariantCulture);
}

var name = settings["SAMPLE_NAME"] as string;
var isHealthy = settings["SAMPLE_UNHEALTHY"] is null;
var builder = WebApplication.CreateSlimBuilder(args);

if (settings["SAMPLE_DEAF"] is not null)
{
    builder.Services.AddSingleton<IHostLifetime, Deaf>();
}

var app = builder.Build();

app.MapGet("/", () => Environment.ProcessId);
app.MapGet("/variables", () => TypedResults.Json(Environment.GetEnvironmentVariables()));
app.MapGet("/directory", () => TypedResults.Json(Directory.GetCurrentDirectory()));
app.MapGet("/environment", () => TypedResults.Json(app.Environment.EnvironmentName));
app.MapGet("/health", () => TypedResults.StatusCode(isHealthy ? 200 : 503));
app.MapPost("/health/{state}", (string state) => isHealthy = state == "healthy");
app.MapPost("/exit/{code:int}", (int code) => Environment.Exit(code));
app.Lifetime.ApplicationStarted.Register(() => Note("started"));
app.Lifetime.ApplicationStopped.Register(() =>
{
    // The slower this one ends, the surer a line of one that should end after it would stand before its own.
    var wait = int.Parse(settings["SAMPLE_LAST_WORDS_MS"] as string ?? "0", CultureInfo.InvariantCulture);
    Task.Delay(wait).GetAwaiter().GetResult();
    Note("ended");
});

await app.RunAsync();
return 0;

void Note(string what)
{
    if (settings["SAMPLE_DIARY"] is string diary)
    {
        File.AppendAllText(diary, $"{name} {what}\n");
    }
}

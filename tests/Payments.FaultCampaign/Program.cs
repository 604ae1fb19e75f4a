using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using Payments.FaultCampaign;
using Payments.Testing.Faults;

// The whole system under load while its workers are killed, frozen, restarted and cut off. Exit code 0: every payment
// was settled once and the books are right; 1: not so; 2: an argument is wrong.
CampaignOptions options;

try
{
    options = CampaignOptions.Parse(args);
}
catch (ValidationException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 2;
}

Console.WriteLine(
    $"Seed {options.Seed}: {options.Rate} payments a second for {options.Seconds} s, a fault every {options.Every} s, "
    + $"{options.Workers} workers, lease {options.Lease} s");

await using var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.Payments_AppHost>();
builder.Services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.None));
builder.CreateResourceBuilder<ProjectResource>("worker")
    .WithReplicas(options.Workers)
    .WithEnvironment("Worker__LeaseSeconds", options.Lease.ToString(CultureInfo.InvariantCulture));

await using var app = await builder.BuildAsync();
await app.StartAsync();
await app.ResourceNotifications.WaitForResourceHealthyAsync("api");
await app.ResourceNotifications.WaitForResourceHealthyAsync("worker");

await using var superuser = NpgsqlDataSource.Create((await app.GetConnectionStringAsync("payments"))!);
using var client = new HttpClient { BaseAddress = app.GetEndpoint("api", "http"), Timeout = TimeSpan.FromSeconds(10) };
var load = new PaymentLoad(client, $"campaign-{options.Seed}", options.Rate, options.Seed);
var faults = new FaultLoop(app, superuser, options);

using (var end = new CancellationTokenSource(TimeSpan.FromSeconds(options.Seconds)))
{
    var workers = await WorkersAsync(app, options.Workers);
    await Task.WhenAll(load.RunAsync(end.Token), faults.RunAsync(workers, end.Token));
}

Console.WriteLine($"\nQuiet for {options.Quiet.TotalSeconds:0} s\n");
await Task.Delay(options.Quiet);

return await new Verdict(superuser, options).PrintAsync(load, faults.Faults, faults.Misses) ? 0 : 1;

static async Task<IReadOnlyCollection<string>> WorkersAsync(DistributedApplication app, int count)
{
    var workers = new HashSet<string>(StringComparer.Ordinal);

    await foreach (var update in app.ResourceNotifications.WatchAsync())
    {
        if (update.Resource.Name == "worker" && workers.Add(update.ResourceId) && workers.Count == count)
        {
            break;
        }
    }

    return workers;
}

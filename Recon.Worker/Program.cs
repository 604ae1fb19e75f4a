using System.Reflection;
using Microsoft.Extensions.Options;
using Payments.Ledger;
using Payments.Ledger.Migrations;
using Recon.Worker;
using Recon.Worker.Audit;
using Recon.Worker.Conversions;
using Recon.Worker.Duties;
using Recon.Worker.Idempotency;
using Recon.Worker.Providers;
using Recon.Worker.Reconciliation;
using Recon.Worker.Reconciliation.Checks;
using Recon.Worker.Reconciliation.Continuous;
using Recon.Worker.Retention;
using Recon.Worker.Settlements;
using Recon.Worker.Webhooks;

Database.Configure();

if (args is [VerifyBooksCommand.Name, ..])
{
    return await VerifyBooksCommand.RunAsync(args);
}

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.Configuration.AddPostgresVariables("payments");
builder.AddConnections();

var services = builder.Services;
services.AddOptions<WorkerOptions>()
    .BindConfiguration(WorkerOptions.Section)
    .ValidateDataAnnotations()
    .ValidateOnStart();
services.AddSingleton(provider => provider.GetRequiredService<IOptions<WorkerOptions>>().Value);
services.AddSingleton(TimeProvider.System);
services.AddSingleton(Random.Shared);
services.AddSingleton(WorkerIdentity.Create(TimeProvider.System));

services.AddSettlement();
services.AddDuties();
services.AddDutyHandler<ExecuteConversion>();
services.AddReconciliationRuns();
services.AddReconciliationChecks();
services.AddContinuousChecking();
services.AddWebhookDelivery();
services.AddKeyRetention();
services.AddRetention();
services.AddAuditSealing();
services.AddProviders();
services.AddSchemaCheck();
services.AddHealthChecks().AddCheck<SettlementLoop>("settlement");

var app = builder.Build();
app.MapDefaultEndpoints();
app.Lifetime.ApplicationStarted.Register(app.Services.GetRequiredService<ReconciliationTelemetry>().BeginAtZero);
app.Lifetime.ApplicationStarted.Register(app.Services.GetRequiredService<WorkerTelemetry>().BeginAtZero);

try
{
    await app.RunAsync();
    return 0;
}
catch (OptionsValidationException e) when (Assembly.GetEntryAssembly() == typeof(WorkerOptions).Assembly)
{
    // A sentence for each bad setting. Whoever runs this program within another one gets the exception.
    await Console.Error.WriteLineAsync(string.Join(Environment.NewLine, e.Failures));
    return 1;
}

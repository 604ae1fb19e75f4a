using System.Text;
using Microsoft.Extensions.Options;
using Payments.Api;
using Payments.Api.AccountReconciliations;
using Payments.Api.Accounts;
using Payments.Api.Audit;
using Payments.Api.Cache;
using Payments.Api.Docs;
using Payments.Api.Events;
using Payments.Api.Flows;
using Payments.Api.Idempotency;
using Payments.Api.Keys;
using Payments.Api.Migrating;
using Payments.Api.Payments;
using Payments.Api.Providers;
using Payments.Api.Queue;
using Payments.Api.Readiness;
using Payments.Api.Reconciliation;
using Payments.Api.Reconciliation.Exceptions;
using Payments.Api.Refunds;
using Payments.Api.Transfers;
using Payments.Api.Validation;
using Payments.Api.Webhooks;
using Payments.Ledger;
using Payments.Ledger.Migrations;

Database.Configure();

if (args is [MigrateCommand.Name, ..])
{
    return await MigrateCommand.RunAsync(args);
}

if (args is [ValidateCommand.Name, ..])
{
    return await ValidateCommand.RunAsync(args);
}

if (args is [KeysCommand.Name, ..])
{
    return await KeysCommand.RunAsync(args);
}

if (args is [VerifyAuditCommand.Name, ..])
{
    return await VerifyAuditCommand.RunAsync(args);
}

if (args is [AcceptRestoreCommand.Name, ..])
{
    return await AcceptRestoreCommand.RunAsync(args);
}

var builder = WebApplication.CreateBuilder(args);

builder.AddServiceDefaults();
builder.AddConnections();
builder.Services.AddSchemaCheck();
builder.WebHost.ConfigureKestrel(server =>
{
    server.AddServerHeader = false;
    server.Limits.MaxRequestBodySize = RequestBody.MaxBytes;

    // By default a header that is not UTF-8 is refused before anyone can say why.
    server.RequestHeaderEncodingSelector = name =>
        name.Equals(IdempotencyKey.Header, StringComparison.OrdinalIgnoreCase) ? Encoding.Latin1 : null;
});
builder.Services.ConfigureHttpJsonOptions(json =>
    json.SerializerOptions.TypeInfoResolverChain.Insert(0, ApiJson.Default));
builder.Services.AddOpenApiDescription();
builder.Services.AddApiKeys();
builder.Services.AddEvents();
builder.Services.AddIdempotency();
builder.Services.AddPayments();
builder.Services.AddTransfers();
builder.Services.AddRefunds();
builder.Services.AddAccounts();
builder.Services.AddFlows();
builder.Services.AddAccountReconciliations();
builder.Services.AddReconciliationReports();
builder.Services.AddReconciliationExceptions();
builder.Services.AddQueue();
builder.Services.AddReadiness();
builder.Services.AddAuditTrail();
builder.Services.AddProviderBalances();
builder.Services.AddWebhooks();

var app = builder.Build();

app.UseProblems();
app.UseAuthentication();
app.UseRateLimits();
app.UseAuthorization();

app.MapDefaultEndpoints();
app.MapOpenApi().AllowAnonymous();
app.MapDocs();
app.MapProblems();
app.MapPayments();
app.MapTransfers();
app.MapRefunds();
app.MapAccounts();
app.MapFlows();
app.MapAccountReconciliations();
app.MapReconciliationReports();
app.MapReconciliationExceptions();
app.MapCache();
app.MapQueue();
app.MapReadiness();
app.MapEvents();
app.MapAuditTrail();
app.MapKeys();
app.MapProviderBalances();
app.MapWebhooks();

try
{
    await app.RunAsync();
    return 0;
}
catch (OptionsValidationException e)
{
    await Console.Error.WriteLineAsync(string.Join(Environment.NewLine, e.Failures));
    return 1;
}

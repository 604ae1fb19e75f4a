using Microsoft.Extensions.Configuration;
using Payments.AppHost;

// The running system, one statement for each part. Ports and development passwords are settings: appsettings.json.
var builder = DistributedApplication.CreateBuilder(args);
var ports = builder.Configuration.GetRequiredSection("Ports");

var postgresPassword = builder.AddParameter("postgres-password", secret: true);
var appPassword = builder.AddParameter("app-password", secret: true);

var postgres = builder.AddPostgres("postgres", password: postgresPassword)
    .WithHostPort(ports.GetValue<int>("Postgres"))
    .WithDataVolume();

var payments = postgres.AddDatabase("payments");

// Signed checkpoints of the audit trail and their keys. The API verifies and cannot sign.
var audit = builder.AuditDirectory();

// The superuser makes roles and schema, once; the services' own user can neither alter nor delete the books.
var migrate = builder.AddProject<Projects.Payments_Api>("migrate", launchProfileName: "migrate")
    .WithArgs("migrate")
    .WithReference(payments)
    .WithEnvironment("Database__AppPassword", appPassword)
    .WithAuditCheckpoints(audit, signs: true)
    .WaitFor(payments);

var server = postgres.Resource;
var paymentsApp = builder.AddConnectionString("payments-app", ReferenceExpression.Create(
    $"Host={server.Host};Port={server.Port};Database=payments;Username=payments_app;Password={appPassword}"));

// Encrypts the secrets of webhook targets in the database: what is kept needs the same key in the next run.
var webhookKey = builder.AddParameter("webhook-encryption-key", secret: true);

var api = builder.AddProject<Projects.Payments_Api>("api", launchProfileName: "http")
    .WithEndpoint("http", endpoint => endpoint.Port = ports.GetValue<int>("Api"))
    .WithReference(paymentsApp, connectionName: "payments")
    .WithEnvironment("Auth__LoopbackAsDeveloper", "true")
    .WithEnvironment("Webhooks__EncryptionKey", webhookKey)
    .WithAuditCheckpoints(audit)
    .WithUrlForEndpoint("http", url => url.DisplayText = "API")
    .WithHttpHealthCheck("/health")
    .WithSamplePayments()
    .WaitForCompletion(migrate);

// Stands in for Circle and Alpaca. What it holds follows the flows, until a command disturbs it.
var circleApiKey = builder.AddParameter("circle-api-key", secret: true);
var alpacaSecret = builder.AddParameter("alpaca-secret", secret: true);
var providers = builder.AddProject<Projects.Payments_Providers>("providers")
    .WithEndpoint("http", endpoint => endpoint.Port = ports.GetValue<int>("Providers"))
    .WithReference(api)
    .WithEnvironment("Sandbox__CircleApiKey", circleApiKey)
    .WithEnvironment("Sandbox__AlpacaSecret", alpacaSecret)
    .WithUrlForEndpoint("http", url => (url.Url, url.DisplayText) = ("/sandbox", "Sandbox"))
    .WithHttpHealthCheck("/health")
    .WithDisturbances()
    .WaitFor(api);

builder.AddProject<Projects.Recon_Worker>("worker")
    .WithReplicas(2)
    .WithHttpEndpoint()
    .WithReference(paymentsApp, connectionName: "payments")
    .WithEnvironment("Webhooks__EncryptionKey", webhookKey)
    .WithAuditCheckpoints(audit, signs: true)
    .WithEnvironment("Providers__Circle__BaseUrl", providers.GetEndpoint("http"))
    .WithEnvironment("Providers__Circle__ApiKey", circleApiKey)
    .WithEnvironment("Providers__Alpaca__BaseUrl", providers.GetEndpoint("http"))
    .WithEnvironment("Providers__Alpaca__KeyId", "sandbox")
    .WithEnvironment("Providers__Alpaca__Secret", alpacaSecret)
    .WithHttpHealthCheck("/health")
    .WaitForCompletion(migrate);

builder.AddProject<Projects.Payments_Web>("web")
    .WithEndpoint("http", endpoint => endpoint.Port = ports.GetValue<int>("Web"))
    .WithExternalHttpEndpoints()
    .WithUrlForEndpoint("http", url => url.DisplayText = "Payments")
    .WithReference(api)
    .WithHttpHealthCheck("/health")
    .WaitFor(api);

// The seven end-to-end checks; its console log shows them. Started by hand, as often as wanted.
builder.AddProject<Projects.Payments_Api>("validate", launchProfileName: "validate")
    .WithArgs("validate")
    .WithReference(api)
    .WithReference(paymentsApp, connectionName: "payments")
    .WaitFor(api)
    .WithExplicitStart();

builder.Build().Run();

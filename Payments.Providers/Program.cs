using Payments.Providers;
using Payments.Providers.Alpaca;
using Payments.Providers.Circle;
using Payments.Providers.Disturbances;
using Payments.Providers.Flows;

var builder = WebApplication.CreateBuilder(args);

// Anyone who reaches it can say what the balances are.
if (!builder.Environment.IsDevelopment())
{
    await Console.Error.WriteLineAsync("The sandbox of the providers runs in Development only.");
    return 1;
}

builder.AddServiceDefaults();
builder.Services.AddOptions<SandboxOptions>()
    .BindConfiguration(SandboxOptions.Section).ValidateDataAnnotations().ValidateOnStart();
builder.Services.AddFlows();
builder.Services.AddDisturbances();

var app = builder.Build();

app.MapDefaultEndpoints();
app.MapCircle();
app.MapAlpaca();
app.MapDisturbances();

await app.RunAsync();
return 0;

using Payments.Web;
using Payments.Web.Accounts;
using Payments.Web.Forwarding;
using Payments.Web.Live;

var builder = WebApplication.CreateBuilder(args);

builder.AddServiceDefaults();
builder.Services.AddSingleton(TimeProvider.System);
builder.Services.AddPaymentsApi(builder.Configuration);
builder.Services.AddChangeFeed();
builder.Services.AddApiForwarding();
builder.Services.AddAntiforgery(options => options.SuppressXFrameOptionsHeader = true);
builder.Services.AddRazorComponents().AddInteractiveServerComponents();

var app = builder.Build();

if (!app.Environment.IsDevelopment())
{
    app.UseExceptionHandler("/error", createScopeForErrors: true);
}

app.UseStatusCodePagesWithReExecute("/not-found", createScopeForStatusCodePages: true);
app.UseSecurityHeaders();
app.UseAntiforgery();

app.MapDefaultEndpoints();
app.MapApiForwarding();
app.MapAccountFiles();
app.MapStaticAssets();

// The policy of SecurityHeaders covers framing; the framework would add a second, weaker one.
app.MapRazorComponents<App>().AddInteractiveServerRenderMode(
    options => options.ContentSecurityFrameAncestorsPolicy = null);

app.Run();

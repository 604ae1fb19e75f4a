using Payments.Web;
using Payments.Web.Accounts;
using Payments.Web.Forwarding;
using Payments.Web.Live;
using Payments.Web.Reconciliation;
using Payments.Web.SignIn;

var builder = WebApplication.CreateBuilder(args);

builder.AddServiceDefaults();
builder.Services.AddSingleton(TimeProvider.System);
builder.Services.AddPaymentsApi(builder.Configuration);
builder.Services.AddChangeFeed();
builder.Services.AddApiForwarding();
builder.Services.AddSignIn(builder.Configuration);
builder.Services.AddAntiforgery(options => options.SuppressXFrameOptionsHeader = true);
builder.Services.AddRazorComponents().AddInteractiveServerComponents();

var app = builder.Build();

if (!app.Environment.IsDevelopment())
{
    app.UseExceptionHandler("/error", createScopeForErrors: true);
}

app.UseStatusCodePagesWithReExecute("/not-found", createScopeForStatusCodePages: true);
app.UseSecurityHeaders();
app.UseSignIn();
app.UseAntiforgery();

app.MapDefaultEndpoints();
app.MapApiForwarding();
app.MapAccountFiles();
app.MapReconciliationFiles();
app.MapSignIn();
app.MapStaticAssets();

// The policy of SecurityHeaders covers framing; the framework would add a second, weaker one.
var pages = app.MapRazorComponents<App>();
pages.AddInteractiveServerRenderMode(options => options.ContentSecurityFrameAncestorsPolicy = null);
pages.RequireOperator();

app.Run();

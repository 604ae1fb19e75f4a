using Aspire.Hosting.Dcp;

namespace Aspire.Hosting.Dashboard;

/// <summary>Aspire's dashboard, run by the orchestrator like any other process.</summary>
internal static class DashboardProcess
{
    private static readonly TimeSpan PollDelay = TimeSpan.FromMilliseconds(100);

    /// <summary>Returns when the dashboard answers.</summary>
    public static async Task StartAsync(
        DashboardOptions options, string program, DcpClient dcp, CancellationToken cancel)
    {
        await dcp.CreateAsync<ExecutableSpec, ExecutableStatus>(
            "executables",
            new(
                new("aspire-dashboard"),
                new(program, Path.GetDirectoryName(program)!)
                {
                    Args = ["dashboard"],
                    Env = [.. Variables(options).Select(variable => new NameValue(variable.Key, variable.Value))],
                })
            {
                Kind = "Executable",
            },
            cancel);

        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false });

        while (!await AnswersAsync(http, options.FrontendUrl, cancel))
        {
            await Task.Delay(PollDelay, cancel);
        }
    }

    private static Dictionary<string, string> Variables(DashboardOptions options) => new(StringComparer.Ordinal)
    {
        ["ASPNETCORE_ENVIRONMENT"] = "Production",
        ["ASPNETCORE_URLS"] = options.FrontendUrl.GetLeftPart(UriPartial.Authority),
        ["ASPIRE_ALLOW_UNSECURED_TRANSPORT"] = "true",
        ["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] = options.OtlpUrl,
        ["ASPIRE_DASHBOARD_OTLP_HTTP_ENDPOINT_URL"] = options.OtlpHttpUrl,
        ["DASHBOARD__FRONTEND__AUTHMODE"] = "BrowserToken",
        ["DASHBOARD__FRONTEND__BROWSERTOKEN"] = options.BrowserToken,
        ["ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL"] = options.ResourceServiceUrl,
        ["DASHBOARD__RESOURCESERVICECLIENT__AUTHMODE"] = "ApiKey",
        ["DASHBOARD__RESOURCESERVICECLIENT__APIKEY"] = options.ResourceServiceKey,
        ["DASHBOARD__OTLP__AUTHMODE"] = "ApiKey",
        ["DASHBOARD__OTLP__PRIMARYAPIKEY"] = options.OtlpApiKey,
    };

    private static async Task<bool> AnswersAsync(HttpClient http, Uri url, CancellationToken cancel)
    {
        try
        {
            using var response = await http.GetAsync(url, HttpCompletionOption.ResponseHeadersRead, cancel);
            return true;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}

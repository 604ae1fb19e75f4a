using System.Net.Mime;
using System.Reflection;

namespace Payments.Api.Docs;

/// <summary>
/// The page on which the API is tried in a browser. It is made of the OpenAPI document, needs nothing from elsewhere,
/// and sends its requests under the key that is typed into it.
/// </summary>
internal static class DocsEndpoints
{
    private const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    public static void MapDocs(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/docs", () => TypedResults.Redirect("/docs/index.html"))
            .AllowAnonymous().ExcludeFromDescription();

        var pages = routes.MapGroup("/docs").AllowAnonymous().ExcludeFromDescription();
        Map(pages, "index.html", MediaTypeNames.Text.Html);
        Map(pages, "docs.css", MediaTypeNames.Text.Css);
        Map(pages, "docs.js", MediaTypeNames.Text.JavaScript);
        Map(pages, "json.js", MediaTypeNames.Text.JavaScript);
    }

    private static void Map(RouteGroupBuilder pages, string file, string mediaType)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("docs/" + file)!;
        var content = new byte[stream.Length];
        stream.ReadExactly(content);

        pages.MapGet(file, (HttpResponse response) =>
        {
            response.Headers.ContentSecurityPolicy = ContentSecurityPolicy;
            response.Headers.XContentTypeOptions = "nosniff";
            response.Headers.CacheControl = "no-cache";
            response.Headers["Referrer-Policy"] = "no-referrer";
            return TypedResults.Bytes(content, mediaType + "; charset=utf-8");
        });
    }
}

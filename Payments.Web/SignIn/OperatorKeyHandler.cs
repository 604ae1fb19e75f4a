using System.Net;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Components.Authorization;

namespace Payments.Web.SignIn;

/// <summary>
/// Presents the operator's own key with every call of the screens, so that the API knows who acts. Where nobody is
/// signed in nothing is sent: on a development machine the API would take the call for the developer's.
/// </summary>
internal sealed class OperatorKeyHandler(AuthenticationStateProvider operators, HttpMessageHandler inner)
    : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (Operator.KeyOf((await operators.GetAuthenticationStateAsync()).User) is not { } key)
        {
            return new HttpResponseMessage(HttpStatusCode.Unauthorized)
            {
                RequestMessage = request,
                Content = JsonContent.Create(
                    new Problem("Not signed in", "Sign in with your API key.", Code: "not_signed_in"),
                    new MediaTypeHeaderValue("application/problem+json")),
            };
        }

        request.Headers.Authorization = new("Bearer", key);
        return await base.SendAsync(request, cancellationToken);
    }
}

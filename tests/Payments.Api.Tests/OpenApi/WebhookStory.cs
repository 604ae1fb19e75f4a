using Payments.Api.Tests.Webhooks;
using Payments.Testing.OpenApi;

namespace Payments.Api.Tests.OpenApi;

/// <summary>Targets of webhooks in every state, and a delivery to one that is enabled and to one that is not.</summary>
internal sealed record WebhookStory(
    Guid Target, Guid Doomed, Guid Disabled, Guid Configured, Guid Delivery, Guid Undeliverable)
{
    private const string Root = "/api/admin/webhooks";

    public static async Task<WebhookStory> TellAsync(TestDatabase database, HttpClient client)
    {
        var (target, _) = await client.AddTargetAsync();
        var (doomed, _) = await client.AddTargetAsync();
        var (disabled, _) = await client.AddTargetAsync();
        var (delivery, undeliverable) = (await client.TestAsync(target), await client.TestAsync(disabled));
        using var switchedOff = await client.SendAsync(HttpMethod.Patch, $"/{disabled}", """{"enabled":false}""");
        Assert.Equal(200, (int)switchedOff.StatusCode);
        var configured = Guid.CreateVersion7();
        await database.ExecuteAsync(
            """
            INSERT INTO webhook_targets (id, created_at, updated_at, url, origin, created_by)
            VALUES (@configured, now(), now(), 'https://configured.example.com/', 'configuration', 'configuration')
            """,
            new { configured });
        return new WebhookStory(target, doomed, disabled, configured, delivery, undeliverable);
    }

    /// <summary>What the operation is about.</summary>
    public Guid IdOf(ApiOperation operation) =>
        operation.Id == "DeleteWebhookTarget" ? Doomed
        : operation.Path.Contains("/deliveries/", StringComparison.Ordinal) ? Delivery
        : Target;

    public static string? BodyOf(ApiOperation operation) => operation.Id switch
    {
        "CreateWebhookTarget" => """{"url":"https://hooks.example.com/more"}""",
        "ReplayWebhookDeliveries" => """{"since":"2026-03-01"}""",
        _ => null,
    };

    public Wanted[] OthersOf(ApiOperation operation, Wanted good) => operation.Id switch
    {
        "CreateWebhookTarget" => [good with { Body = """{"url":"http://localhost/"}""" }],
        "ChangeWebhookTarget" =>
        [
            good with { Address = $"{Root}/{Configured}", Body = """{"url":"https://other.example.com/"}""" },
            good with { Body = """{"url":"http://localhost/"}""" },
        ],
        "DeleteWebhookTarget" => [good with { Address = $"{Root}/{Configured}" }],
        "RotateWebhookSecret" =>
        [
            good with { Address = $"{Root}/{Configured}/secret/rotate" },
            good with { Body = """{"overlapHours":1000}""" },
        ],
        "TestWebhookTarget" => RefusedThenReused(good, $"{Root}/{Disabled}/test"),
        "ReplayWebhookDelivery" => RefusedThenReused(good, $"{Root}/deliveries/{Undeliverable}/replay"),
        "ReplayWebhookDeliveries" => [good with { Body = """{"since":"soon"}""" }],
        _ => [],
    };

    // Refused, nothing is kept of its key; under that of one that was done, it is another request.
    private static Wanted[] RefusedThenReused(Wanted good, string refused) =>
        [good with { Address = refused, Key = PaymentRequests.NewKey() }, good, good with { Address = refused }];
}

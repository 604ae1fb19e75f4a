namespace Payments.Api.Tests.Webhooks;

public sealed class WebhookTargetTests(ApiFixture fixture) : IClassFixture<ApiFixture>, IAsyncLifetime
{
    private HttpClient _admin = null!;

    public async ValueTask InitializeAsync() => _admin = await fixture.AdminAsync();

    public ValueTask DisposeAsync()
    {
        _admin.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task The_secret_is_in_the_first_answer_to_the_creation_and_nowhere_else()
    {
        var key = PaymentRequests.NewKey();
        const string Body = """{"url": "https://hooks.example.com/once", "description": "Desk"}""";

        using var created = await _admin.SendAsync(HttpMethod.Post, "", Body, key);
        using var repeated = await _admin.SendAsync(HttpMethod.Post, "", Body, key);

        Assert.Equal((201, 201), ((int)created.StatusCode, (int)repeated.StatusCode));
        var (first, second) = (await created.ReadAsync(), await repeated.ReadAsync());
        var id = first.GetProperty("id").GetString();
        var secret = first.GetProperty("secret").GetString()!;
        Assert.StartsWith("whsec_", secret, StringComparison.Ordinal);
        Assert.Equal(id, second.GetProperty("id").GetString());
        Assert.False(second.TryGetProperty("secret", out _));
        Assert.Equal($"/api/admin/webhooks/{id}", created.Headers.Location?.ToString());
        Assert.Equal("true", repeated.Headers.GetValues("Idempotent-Replayed").Single());
        var shown = await _admin.GetJsonAsync($"{WebhookRequests.Root}/{id}");
        Assert.Equal("Desk", shown.GetProperty("description").GetString());
        var list = await _admin.GetJsonAsync(WebhookRequests.Root);
        Assert.DoesNotContain(secret, list.GetRawText() + shown.GetRawText(), StringComparison.Ordinal);
        Assert.False(await fixture.Database.ScalarAsync<bool>(
            "SELECT EXISTS (SELECT FROM idempotency_keys WHERE convert_from(body, 'UTF8') LIKE '%whsec_%')"));
        Assert.False(await fixture.Database.ScalarAsync<bool>(
            "SELECT EXISTS (SELECT FROM audit_events WHERE details::text LIKE '%whsec_%')"));
        Assert.Equal(1, await fixture.Database.ScalarAsync<long>(
            "SELECT count(*) FROM webhook_targets WHERE url = 'https://hooks.example.com/once'"));
    }

    [Fact]
    public async Task Without_an_encryption_key_no_secret_is_made_outside_of_development()
    {
        var (known, _) = await _admin.AddTargetAsync();
        await using var production = ApiServer.Start(
            fixture.Database.AppConnectionString, settings: [("Webhooks:EncryptionKey", "")]);
        await using var development = ApiServer.Start(
            fixture.Database.AppConnectionString, "Development", ("Webhooks:EncryptionKey", ""));
        using var admin = production.CreateClient(WebhookRequests.AdminKey);
        using var developer = development.CreateClient(WebhookRequests.AdminKey);
        var key = PaymentRequests.NewKey();
        const string Body = """{"url": "https://hooks.example.com/keyless"}""";

        using var created = await admin.SendAsync(HttpMethod.Post, "", Body, key);
        using var rotated = await admin.SendAsync(HttpMethod.Post, $"/{known}/secret/rotate");
        using var later = await _admin.SendAsync(HttpMethod.Post, "", Body, key);
        using var atHome = await developer.SendAsync(HttpMethod.Post, "", Body);

        Assert.Equal((503, "webhook_key_missing"), ((int)created.StatusCode, await created.CodeAsync()));
        Assert.Equal((503, "webhook_key_missing"), ((int)rotated.StatusCode, await rotated.CodeAsync()));
        Assert.Equal((201, 201), ((int)later.StatusCode, (int)atHome.StatusCode));
        Assert.Equal(2, await fixture.Database.ScalarAsync<long>(
            "SELECT count(*) FROM webhook_targets WHERE url = 'https://hooks.example.com/keyless'"));
    }

    [Theory]
    [InlineData("""{"url": "http://hooks.example.com/"}""", 422, "#/url")]
    [InlineData("""{"url": "https://169.254.169.254/latest"}""", 422, "#/url")]
    [InlineData("""{"url": "https://localhost/"}""", 422, "#/url")]
    [InlineData("""{"url": "https://u:p@hooks.example.com/"}""", 422, "#/url")]
    [InlineData("""{"url": "https://hooks.example.com/a\u0000b"}""", 422, "#/url")]
    [InlineData("""{"url": "https://h.example/", "eventTypes": ["no.such.type"]}""", 422, "#/eventTypes/0")]
    [InlineData("""{"url": "https://h.example/", "eventTypes": "all"}""", 400, "#/eventTypes")]
    [InlineData("""{"url": "https://h.example/", "eventTypes": [1]}""", 400, "#/eventTypes/0")]
    [InlineData("""{"url": "https://h.example/", "secret": "x"}""", 400, "#/secret")]
    [InlineData("""{"url": "https://h.example/", "enabled": false}""", 400, "#/enabled")]
    [InlineData("""{}""", 400, "#/url")]
    public async Task A_target_that_cannot_be_is_refused_with_the_place_of_the_fault(
        string body, int status, string place)
    {
        using var refused = await _admin.SendAsync(HttpMethod.Post, "", body);

        Assert.Equal(status, (int)refused.StatusCode);
        var problem = await refused.ReadAsync();
        Assert.Equal(
            place, problem.GetProperty("errors").EnumerateArray().Single().GetProperty("pointer").GetString());
    }

    [Fact]
    public async Task It_can_be_changed_disabled_and_enabled_again()
    {
        var (id, _) = await _admin.AddTargetAsync("""["reconciliation.exception.opened"]""");

        using var disabled = await _admin.SendAsync(
            HttpMethod.Patch, $"/{id}", """{"enabled": false, "eventTypes": []}""");
        var off = await disabled.ReadAsync();
        using var enabled = await _admin.SendAsync(
            HttpMethod.Patch, $"/{id}", """{"enabled": true, "url": "https://other.example.com/"}""");
        var on = await enabled.ReadAsync();

        Assert.False(off.GetProperty("enabled").GetBoolean());
        Assert.Equal("Disabled by admin.", off.GetProperty("disabledReason").GetString());
        Assert.Equal(0, off.GetProperty("eventTypes").GetArrayLength());
        Assert.True(on.GetProperty("enabled").GetBoolean());
        Assert.Equal(JsonValueKind.Null, on.GetProperty("disabledReason").ValueKind);
        Assert.Equal("https://other.example.com/", on.GetProperty("url").GetString());
        Assert.Equal(
            ["webhook_target.created", "webhook_target.disabled", "webhook_target.enabled"],
            await fixture.Database.QueryAsync<string>(
                "SELECT action FROM audit_events WHERE object_id = @id ORDER BY audit_events.id",
                new { id = $"{id}" }));
    }

    [Fact]
    public async Task One_that_was_deleted_is_not_found_and_its_secret_is_forgotten()
    {
        var (id, _) = await _admin.AddTargetAsync();
        var delivery = await _admin.TestAsync(id);

        using var deleted = await _admin.SendAsync(HttpMethod.Delete, $"/{id}");

        Assert.Equal(204, (int)deleted.StatusCode);
        using var gone = await _admin.SendAsync(HttpMethod.Get, $"/{id}");
        Assert.Equal("webhook_target_not_found", await gone.CodeAsync());
        using var again = await _admin.SendAsync(HttpMethod.Delete, $"/{id}");
        Assert.Equal("webhook_target_not_found", await again.CodeAsync());
        using var replay = await _admin.SendAsync(HttpMethod.Post, $"/deliveries/{delivery}/replay");
        Assert.Equal("webhook_target_disabled", await replay.CodeAsync());
        Assert.Equal(0, await fixture.Database.ScalarAsync<long>(
            "SELECT count(*) FROM webhook_secrets WHERE target_id = @id AND secret IS NOT NULL", new { id }));
    }

    [Fact]
    public async Task A_rotation_answers_a_new_secret_and_the_old_one_goes_on_for_the_overlap()
    {
        var (id, old) = await _admin.AddTargetAsync();

        using var rotated = await _admin.SendAsync(
            HttpMethod.Post, $"/{id}/secret/rotate", """{"overlapHours": 1}""");
        using var byDefault = await _admin.SendAsync(HttpMethod.Post, $"/{id}/secret/rotate");

        Assert.Equal((200, 200), ((int)rotated.StatusCode, (int)byDefault.StatusCode));
        Assert.NotEqual(old, (await rotated.ReadAsync()).GetProperty("secret").GetString());
        Assert.Equal([1, 24, 0], await fixture.Database.QueryAsync<int>(
            """
            SELECT coalesce(round(extract(epoch FROM expires_at - now()) / 3600), 0)::int
            FROM webhook_secrets WHERE target_id = @id AND secret IS NOT NULL ORDER BY webhook_secrets.id
            """,
            new { id }));
    }

    // Numbers too large or too fine to be read are no overlap of zero, which would end the old secret at once.
    [Theory]
    [InlineData("1000")]
    [InlineData("-1")]
    [InlineData("1e30")]
    [InlineData("24.0000000000000000001")]
    public async Task A_rotation_whose_overlap_is_out_of_range_is_refused_and_the_old_secret_goes_on(string hours)
    {
        var (id, _) = await _admin.AddTargetAsync();

        using var refused = await _admin.SendAsync(
            HttpMethod.Post, $"/{id}/secret/rotate", $$"""{"overlapHours": {{hours}}}""");

        Assert.Equal(422, (int)refused.StatusCode);
        Assert.Equal(
            "out_of_range", (await refused.ReadAsync()).GetProperty("errors")[0].GetProperty("code").GetString());
        Assert.Equal(1, await fixture.Database.ScalarAsync<long>(
            "SELECT count(*) FROM webhook_secrets WHERE target_id = @id AND expires_at IS NULL", new { id }));
    }

    [Fact]
    public async Task What_the_configuration_names_is_not_changed_here_but_can_be_disabled()
    {
        var id = Guid.CreateVersion7();
        await fixture.Database.ExecuteAsync(
            """
            INSERT INTO webhook_targets (id, created_at, updated_at, url, origin, created_by)
            VALUES (@id, now(), now(), 'https://configured.example.com/', 'configuration', 'configuration')
            """,
            new { id });

        using var deleted = await _admin.SendAsync(HttpMethod.Delete, $"/{id}");
        using var moved = await _admin.SendAsync(
            HttpMethod.Patch, $"/{id}", """{"url": "https://else.example.com/"}""");
        using var rotated = await _admin.SendAsync(HttpMethod.Post, $"/{id}/secret/rotate");
        using var disabled = await _admin.SendAsync(HttpMethod.Patch, $"/{id}", """{"enabled": false}""");

        Assert.Equal("webhook_target_configured", await deleted.CodeAsync());
        Assert.Equal("webhook_target_configured", await moved.CodeAsync());
        Assert.Equal("webhook_target_configured", await rotated.CodeAsync());
        Assert.Equal(200, (int)disabled.StatusCode);
    }
}

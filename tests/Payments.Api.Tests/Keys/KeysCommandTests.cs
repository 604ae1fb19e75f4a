using System.Globalization;
using Npgsql;
using Payments.Api.Keys;

namespace Payments.Api.Tests.Keys;

public sealed class KeysCommandTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_created_key_works_at_once_with_its_scopes_and_is_stored_hashed()
    {
        var (key, id) = await CreateAsync("--owner", "shop", "--scopes", "payments:read", "--limit", "50");
        using var client = fixture.Api.CreateClient(key);

        var current = await client.GetJsonAsync("/api/v1/keys/current");
        using var written = await client.CreateAsync("""{"accountId":"A","amount":1}""");

        Assert.Equal(
            $$"""{"id":"{{id}}","owner":"shop","scopes":["payments:read"],"expiresAt":null,"requestsPerSecond":50}""",
            current.GetRawText());
        Assert.Equal(403, (int)written.StatusCode);
        Assert.StartsWith("pay_", key, StringComparison.Ordinal);
        Assert.Equal(
            KeyText.HashOf(key),
            await fixture.Database.ScalarAsync<byte[]>("SELECT key_hash FROM api_keys WHERE id = @id", new { id }));
    }

    [Fact]
    public async Task A_key_ends_when_it_was_said_to()
    {
        var (_, days) = await CreateAsync("--owner", "shop", "--scopes", "payments:read", "--expires=90d");
        var (_, date) = await CreateAsync("--owner", "shop", "--scopes", "payments:read", "--expires=2100-01-31");

        Assert.Equal("2160 hours,2100-01-31 00:00", await fixture.Database.ScalarAsync<string>(
            """
            SELECT round(extract(epoch FROM d.expires_at - d.created_at) / 3600) || ' hours,'
                || to_char(e.expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI')
            FROM api_keys AS d, api_keys AS e
            WHERE d.id = @days AND e.id = @date
            """,
            new { days, date }));
    }

    [Fact]
    public async Task A_revoked_key_is_refused_once_the_api_asks_again()
    {
        var (key, id) = await CreateAsync("--owner", "shop", "--scopes", "payments:read");

        var (code, text) = await RunAsync("revoke", id.ToString());
        var (again, repeated) = await RunAsync("revoke", id.ToString());

        using var client = fixture.Api.CreateClient(key);
        using var response = await client.GetAsync("/payments", Cancel);
        Assert.Equal(401, (int)response.StatusCode);
        Assert.Equal((0, 0), (code, again));
        Assert.Contains("of shop is revoked", text, StringComparison.Ordinal);
        Assert.Contains("was revoked already", repeated, StringComparison.Ordinal);
        Assert.Contains($"{id}  shop  payments:read", (await RunAsync("list")).Text, StringComparison.Ordinal);
        Assert.Contains("revoked 2", (await RunAsync("list")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rotated_key_pays_nothing_twice_and_the_old_one_goes_on_for_a_while()
    {
        const string Body = """{"accountId":"ACC-ROTATED","amount":7}""";
        var (old, id) = await CreateAsync(
            "--owner", "rotator", "--scopes", "payments:write,payments:read", "--limit", "70");
        using var before = fixture.Api.CreateClient(old);
        using var first = await before.CreateAsync(Body, "order-7");

        var (code, text) = await RunAsync("rotate", id.ToString(), "--overlap", "2h");
        using var after = fixture.Api.CreateClient(KeyIn(text));
        using var repeated = await after.CreateAsync(Body, "order-7");

        Assert.Equal((0, 201, 201), (code, (int)first.StatusCode, (int)repeated.StatusCode));
        Assert.True(repeated.Headers.Contains("Idempotent-Replayed"));
        Assert.Equal(
            70, (await after.GetJsonAsync("/api/v1/keys/current")).GetProperty("requestsPerSecond").GetInt32());
        Assert.InRange(
            await fixture.Database.ScalarAsync<double>(
                "SELECT extract(epoch FROM expires_at - now())::float8 FROM api_keys WHERE id = @id", new { id }),
            3_600, 7_200);
    }

    [Fact]
    public async Task A_key_that_was_rotated_without_overlap_is_revoked_and_cannot_be_rotated_again()
    {
        var (old, id) = await CreateAsync("--owner", "shop", "--scopes", "payments:read");

        var (first, _) = await RunAsync("rotate", id.ToString(), "--overlap", "0m");
        var (second, text) = await RunAsync("rotate", id.ToString());

        using var client = fixture.Api.CreateClient(old);
        using var response = await client.GetAsync("/payments", Cancel);
        Assert.Equal((0, 1, 401), (first, second, (int)response.StatusCode));
        Assert.Contains("no good key", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_change_of_a_key_is_in_the_audit_trail_without_the_key()
    {
        var (key, id) = await CreateAsync("--owner", "audited", "--scopes", "payments:read");
        await RunAsync("rotate", id.ToString());
        await RunAsync("revoke", id.ToString());

        var events = await fixture.Database.QueryAsync<string>(
            """
            SELECT action || ' ' || outcome || ' by ' || actor || ' ' || details::text
            FROM audit_events
            WHERE object_type = 'key' AND object_id = @id
            ORDER BY id
            """,
            new { id = id.ToString() });

        Assert.Equal(3, events.Count);
        string[] actions = ["key.created", "key.rotated", "key.revoked"];
        Assert.All(events.Zip(actions), pair => Assert.StartsWith(
            $"{pair.Second} succeeded by command line ({Environment.UserName})", pair.First, StringComparison.Ordinal));
        Assert.All(events, text => Assert.DoesNotContain(key, text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task To_end_or_rotate_a_key_that_is_unknown_or_has_ended_is_in_the_audit_trail_as_refused()
    {
        var unknown = Guid.CreateVersion7();
        var (_, ended) = await CreateAsync("--owner", "refused", "--scopes", "payments:read");
        await RunAsync("revoke", $"{ended}");

        foreach (var id in (Guid[])[unknown, ended])
        {
            await RunAsync("revoke", $"{id}");
            await RunAsync("rotate", $"{id}");
        }

        Assert.Equal(
            [
                "key.revoked key_not_found nobody", "key.rotated key_not_found nobody",
                "key.revoked key_ended refused", "key.rotated key_ended refused",
            ],
            await fixture.Database.QueryAsync<string>(
                """
                SELECT action || ' ' || (details ->> 'code') || ' ' || coalesce(details ->> 'owner', 'nobody')
                FROM audit_events
                WHERE object_type = 'key' AND object_id = ANY (@ids) AND outcome = 'refused'
                ORDER BY id
                """,
                new { ids = new[] { $"{unknown}", $"{ended}" } }));
    }

    [Theory]
    [InlineData("say what to do")]
    [InlineData("say what to do", "make")]
    [InlineData("--owner", "create", "--scopes", "payments:read")]
    [InlineData("--scopes", "create", "--owner", "x")]
    [InlineData("--scopes", "create", "--owner", "x", "--scopes", "payments:everything")]
    [InlineData("no option --expire", "create", "--owner", "x", "--scopes", "payments:read", "--expire", "1d")]
    [InlineData("--expires", "create", "--owner", "x", "--scopes", "payments:read", "--expires", "2020-01-01")]
    [InlineData("--expires", "create", "--owner", "x", "--scopes", "payments:read", "--expires", "soon")]
    [InlineData("--limit", "create", "--owner", "x", "--scopes", "payments:read", "--limit", "0")]
    [InlineData("--limit needs a value", "create", "--owner", "x", "--scopes", "payments:read", "--limit")]
    [InlineData("what 'x' means", "list", "x")]
    [InlineData("id of one key", "revoke")]
    [InlineData("id of one key", "revoke", "shop")]
    [InlineData("no key has the id", "revoke", "01a1fcaa-a6b4-729a-879b-9da3d8101381")]
    [InlineData("no good key", "rotate", "01a1fcaa-a6b4-729a-879b-9da3d8101381")]
    [InlineData("--overlap", "rotate", "01a1fcaa-a6b4-729a-879b-9da3d8101381", "--overlap", "long")]
    public async Task What_is_not_understood_changes_nothing_and_is_named(string complaint, params string[] arguments)
    {
        var (code, text) = await RunAsync(arguments);

        Assert.Equal(1, code);
        Assert.Contains(complaint, text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_services_role_can_make_no_key()
    {
        await using var output = new StringWriter();

        var code = await KeysCommand.RunAsync(
            [
                "keys", "create", "--owner", "x", "--scopes", "payments:read", "--environment=Production",
                $"--ConnectionStrings:payments={fixture.Database.AppConnectionString}",
            ],
            output);

        Assert.Equal(1, code);
        Assert.Contains(PostgresErrorCodes.InsufficientPrivilege, output.ToString(), StringComparison.Ordinal);
    }

    private async Task<(string Key, Guid Id)> CreateAsync(params string[] arguments)
    {
        var (code, text) = await RunAsync(["create", .. arguments]);
        Assert.Equal(0, code);
        var id = text.Split('\n').Single(line => line.StartsWith("id ", StringComparison.Ordinal))[3..].Trim();
        return (KeyIn(text), Guid.Parse(id, CultureInfo.InvariantCulture));
    }

    private static string KeyIn(string text) =>
        text.Split('\n').Single(line => line.StartsWith("  pay_", StringComparison.Ordinal)).Trim();

    private async Task<(int Code, string Text)> RunAsync(params string[] arguments)
    {
        var superuser = await TestServer.ConnectionStringAsync(fixture.Database.Name);
        await using var output = new StringWriter();
        var code = await KeysCommand.RunAsync(
            [
                "keys", .. arguments, "--environment=Production",
                $"--ConnectionStrings:payments={superuser.ConnectionString}",
            ],
            output);
        return (code, output.ToString());
    }
}

using Npgsql;
using Payments.Api.Tests.Refunds;

namespace Payments.Api.Tests.Idempotency;

/// <summary>The mechanism of requests whose keys have a table of their own, by the cancelling of payments.</summary>
public sealed class IdempotentTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    [Fact]
    public async Task A_repetition_gets_the_stored_status_and_body_from_memory_and_from_the_database()
    {
        var payment = await fixture.Client.PayAsync("KEY-ONE", 100);
        var finished = fixture.Api.Services.GetRequiredService<Api.Idempotency.FinishedAnswers>();
        using var first = await CancelAsync(fixture.Client, payment, "stored");
        var (hits, replays) = (finished.Hits, finished.Replays);
        await using var successor = ApiServer.Start(fixture.Database.AppConnectionString);

        using var remembered = await CancelAsync(fixture.Client, payment, "stored");
        using var read = await CancelAsync(successor.Client, payment, "stored");

        Assert.Equal((1L, 1L), (finished.Hits - hits, finished.Replays - replays));
        var text = await first.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        foreach (var again in new[] { remembered, read })
        {
            Assert.Equal(200, (int)again.StatusCode);
            Assert.Equal("true", again.Headers.GetValues("Idempotent-Replayed").Single());
            Assert.Equal(first.Content.Headers.ContentType, again.Content.Headers.ContentType);
            Assert.Equal(text, await again.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task The_same_key_for_another_path_is_refused_also_by_a_process_that_has_not_seen_it()
    {
        var payment = await fixture.Client.PayAsync("KEY-TWO", 100);
        var other = await fixture.Client.PayAsync("KEY-TWO", 100);
        await using var second = ApiServer.Start(fixture.Database.AppConnectionString);
        using var first = await CancelAsync(fixture.Client, payment, "one path");

        Assert.Equal(
            (422, "idempotency_key_reused"), await CancelAsync(fixture.Client, other, "one path").RefusalAsync());
        Assert.Equal(
            (422, "idempotency_key_reused"), await CancelAsync(second.Client, other, "one path").RefusalAsync());
    }

    [Fact]
    public async Task A_refusal_before_the_effect_stores_nothing()
    {
        using var refused = await CancelAsync(fixture.Client, Guid.Empty, "refused");

        Assert.Equal(0, await KeysAsync("refused"));
        var payment = await fixture.Client.PayAsync("KEY-THREE", 100);
        using var response = await CancelAsync(fixture.Client, payment, "refused");
        Assert.Equal((200, 1), ((int)response.StatusCode, (int)await KeysAsync("refused")));
    }

    [Fact]
    public async Task A_key_that_another_transaction_holds_is_in_use_and_free_when_that_is_rolled_back()
    {
        var payment = await fixture.Client.PayAsync("KEY-FOUR", 100);
        await using var impatient = ApiServer.Start(
            fixture.Database.AppConnectionString, settings: [("Idempotency:KeyWaitMilliseconds", "50")]);
        await using var holder = await fixture.Database.Superuser.OpenConnectionAsync(
            TestContext.Current.CancellationToken);
        await using var transaction = await holder.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (var insert = new NpgsqlCommand(
            """
            INSERT INTO idempotency_keys (owner_id, route, key, fingerprint, created_at)
            SELECT id, 'POST /payments/{id}/cancel', 'held', '\x00', now() FROM key_owners WHERE name = 'tester'
            """,
            holder))
        {
            await insert.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        using var inUse = await CancelAsync(impatient.Client, payment, "held");
        Assert.Equal((409, "1"), ((int)inUse.StatusCode, inUse.Headers.GetValues("Retry-After").Single()));
        Assert.Equal("idempotency_key_in_use", await inUse.CodeAsync());

        await transaction.RollbackAsync(TestContext.Current.CancellationToken);
        using var retry = await CancelAsync(impatient.Client, payment, "held");
        Assert.Equal(200, (int)retry.StatusCode);
    }

    [Fact]
    public async Task Many_duplicates_at_once_have_one_effect_and_one_answer_over_two_processes()
    {
        var payment = await fixture.Client.PayAsync("KEY-FIVE", 100);
        await using var second = ApiServer.Start(fixture.Database.AppConnectionString);

        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(i =>
            CancelAsync(i % 2 == 0 ? fixture.Client : second.Client, payment, "many")));

        Assert.All(answers, answer => Assert.Equal(200, (int)answer.StatusCode));
        Assert.Single(answers, answer => !answer.Headers.Contains("Idempotent-Replayed"));
        Assert.Equal(1, await KeysAsync("many"));
    }

    [Fact]
    public async Task Payments_that_are_repeated_once_are_then_answered_from_memory()
    {
        var finished = fixture.Api.Services.GetRequiredService<Api.Idempotency.FinishedAnswers>();
        const string Body = """{"accountId":"KEY-SIX","amount":1}""";
        using var first = await fixture.Client.CreateAsync(Body, "remembered");
        using var second = await fixture.Client.CreateAsync(Body, "remembered");
        var (hits, replays) = (finished.Hits, finished.Replays);

        using var third = await fixture.Client.CreateAsync(Body, "remembered");
        using var other = await fixture.Client.CreateAsync("""{"accountId":"KEY-SIX","amount":2}""", "remembered");

        Assert.Equal((2L, 1L), (finished.Hits - hits, finished.Replays - replays));
        Assert.Equal((201, 422), ((int)third.StatusCode, (int)other.StatusCode));
        Assert.Equal(first.Headers.Location, third.Headers.Location);
        Assert.Equal(
            await first.Content.ReadAsStringAsync(TestContext.Current.CancellationToken),
            await third.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal(second.Content.Headers.ContentType, third.Content.Headers.ContentType);
    }

    private static Task<HttpResponseMessage> CancelAsync(HttpClient client, Guid payment, string key) =>
        client.PostAsync($"/payments/{payment}/cancel", body: null, key);

    private Task<long> KeysAsync(string key) => fixture.Database.ScalarAsync<long>(
        "SELECT count(*) FROM idempotency_keys WHERE key = @key", new { key });
}

using System.Globalization;
using Microsoft.AspNetCore.Http;
using Payments.Api.Paging;
using Payments.Api.Payments;
using Payments.Api.Tests.Refunds;

namespace Payments.Api.Tests.Payments;

public sealed class ListPaymentsTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    [Fact]
    public async Task Pages_hold_every_payment_once_newest_first_although_others_are_created_meanwhile()
    {
        var created = await CreateAsync("ACC-PAGES", 25);
        var seen = new List<Guid>();
        var address = "/payments?limit=10&accountId=ACC-PAGES";
        while (address is not null)
        {
            using var response = await fixture.Client.GetAsync(address, TestContext.Current.CancellationToken);
            var page = await response.ReadAsync();
            seen.AddRange(Ids(page));
            var next = Link(response, "next");
            Assert.Equal(page.GetProperty("has_more").GetBoolean(), next is not null);
            Assert.Equal("list", page.GetProperty("object").GetString());
            Assert.Equal("/payments", page.GetProperty("url").GetString());
            address = next;
            await CreateAsync("ACC-PAGES", 3);
        }

        Assert.Equal(created.OrderDescending(), seen);
    }

    [Fact]
    public async Task The_previous_page_of_the_next_page_is_the_first_one()
    {
        await CreateAsync("ACC-BACK", 7);
        using var first = await fixture.Client.GetAsync(
            "/payments?accountId=ACC-BACK&limit=3", TestContext.Current.CancellationToken);
        Assert.Null(Link(first, "prev"));
        using var second = await fixture.Client.GetAsync(Link(first, "next"), TestContext.Current.CancellationToken);
        using var back = await fixture.Client.GetAsync(Link(second, "prev"), TestContext.Current.CancellationToken);

        Assert.Equal(Ids(await first.ReadAsync()), Ids(await back.ReadAsync()));
        Assert.False((await back.ReadAsync()).GetProperty("has_more").GetBoolean());
        Assert.NotNull(Link(back, "next"));
    }

    [Fact]
    public async Task Payments_are_found_by_account_and_status()
    {
        var ids = await CreateAsync("ACC-STATES", 6);
        await Settlement.CompleteAsync(fixture.Database, ids[0]);
        await Settlement.CompleteAsync(fixture.Database, ids[1], discrepancy: 13);
        await Settlement.FailAsync(fixture.Database, ids[2], "zero_amount");
        var elsewhere = await fixture.Client.PayAsync("ACC-ELSEWHERE", 1);
        await Settlement.CompleteAsync(fixture.Database, elsewhere);

        foreach (var (status, expected) in new (string, Guid[])[]
        {
            ("completed", [ids[0]]),
            ("completed_with_discrepancy", [ids[1]]),
            ("failed", [ids[2]]),
            ("pending", [ids[5], ids[4], ids[3]]),
            ("cancelled", []),
        })
        {
            var ofAccount = await fixture.Client.GetJsonAsync($"/payments?accountId=ACC-STATES&status={status}");
            var ofAll = await fixture.Client.GetJsonAsync($"/payments?status={status}&limit=100");

            Assert.Equal(expected, Ids(ofAccount));
            Assert.Subset(Ids(ofAll).ToHashSet(), expected.ToHashSet());
            Assert.All(
                ofAll.GetProperty("data").EnumerateArray(),
                payment => Assert.Equal(status, payment.GetProperty("status").GetString()));
        }

        Assert.Contains(elsewhere, Ids(await fixture.Client.GetJsonAsync("/payments?status=completed&limit=100")));
        Assert.Empty(Ids(await fixture.Client.GetJsonAsync("/payments?accountId=nobody")));
    }

    [Fact]
    public async Task Cancelled_payments_are_listed_newest_first_and_in_pages()
    {
        var ids = await CreateAsync("ACC-CANCELLED", 4);
        foreach (var id in ids[..3])
        {
            using var cancelled = await fixture.Client.PostAsync($"/payments/{id}/cancel", null, $"cancel {id}");
            Assert.Equal(200, (int)cancelled.StatusCode);
        }

        var first = await fixture.Client.GetJsonAsync("/payments?status=cancelled&limit=2");
        var second = await fixture.Client.GetJsonAsync($"/payments?status=cancelled&limit=2&starting_after={ids[1]}");
        var back = await fixture.Client.GetJsonAsync($"/payments?status=cancelled&limit=2&ending_before={ids[0]}");
        var ofAccount = await fixture.Client.GetJsonAsync("/payments?status=cancelled&accountId=ACC-CANCELLED");

        Assert.Equal([ids[2], ids[1]], Ids(first));
        Assert.Equal([ids[0]], Ids(second));
        Assert.Equal([ids[2], ids[1]], Ids(back));
        Assert.Equal([ids[2], ids[1], ids[0]], Ids(ofAccount));
    }

    [Theory]
    [InlineData("?status=cancelled")]
    [InlineData("?status=cancelled&starting_after=019cae5c-0000-7000-8000-000000000000")]
    [InlineData("?status=cancelled&ending_before=019cae5c-0000-7000-8000-000000000000")]
    [InlineData("?status=cancelled&accountId=ACC-HOT")]
    [InlineData("?status=cancelled&accountId=ACC-HOT&ending_before=019cae5c-0000-7000-8000-000000000000")]
    public async Task The_few_payments_that_were_cancelled_are_found_without_a_look_at_the_others(string asked)
    {
        await using var own = new TestDatabase();
        await own.InitializeAsync();
        await own.ExecuteAsync(
            """
            INSERT INTO payments
                (id, amount, created_at, owner_id, fingerprint, kind, status, currency, payee_account, idempotency_key,
                cancelled_at, settled_at)
            SELECT gen_random_uuid(), 1, now(), 1, '\x00', 'payment',
                CASE WHEN i % 5000 = 0 THEN 'cancelled' ELSE 'completed' END, 'USD', 'ACC-HOT', i::text,
                CASE WHEN i % 5000 = 0 THEN now() END, CASE WHEN i % 5000 <> 0 THEN now() END
            FROM generate_series(1, 20000) AS i
            """);
        await own.ExecuteAsync("ANALYZE payments");
        var context = new DefaultHttpContext { Request = { QueryString = new QueryString(asked) } };
        var query = new PageQuery(context.Request, "accountId", "status");
        Assert.True(query.TryGetCursor(out var cursor));

        var (sql, parameters) = ListPayments.StatementOf(query.Get("accountId"), "cancelled", cursor, query);
        var plan = await own.QueryAsync<string>("EXPLAIN (ANALYZE, BUFFERS) " + sql, parameters);

        Assert.Contains(plan, line => line.Contains("payments_cancelled", StringComparison.Ordinal));
        var buffers = plan.First(line => line.Contains("Buffers:", StringComparison.Ordinal));
        Assert.InRange(int.Parse(buffers.Split("hit=")[1].Split(' ')[0], CultureInfo.InvariantCulture), 1, 100);
    }

    [Fact]
    public async Task A_payment_whose_job_is_a_dead_letter_is_listed_as_pending()
    {
        var ids = await CreateAsync("ACC-DEAD", 2);
        await fixture.Database.BuryAsync("no room", ids[0]);

        var pending = await fixture.Client.GetJsonAsync("/payments?accountId=ACC-DEAD&status=pending");
        Assert.Equal([ids[1], ids[0]], Ids(pending));
        Assert.Contains(ids[0], Ids(await fixture.Client.GetJsonAsync("/payments?status=pending&limit=100")));
    }

    [Fact]
    public async Task Every_filter_pages_in_both_directions()
    {
        var ids = await CreateAsync("ACC-BOTH", 4);
        foreach (var filter in new[]
        {
            "", "&accountId=ACC-BOTH", "&status=pending", "&accountId=ACC-BOTH&status=pending",
        })
        {
            var older = await fixture.Client.GetJsonAsync($"/payments?limit=2&starting_after={ids[3]}{filter}");
            var newer = await fixture.Client.GetJsonAsync($"/payments?limit=2&ending_before={ids[0]}{filter}");

            Assert.Equal([ids[2], ids[1]], Ids(older));
            Assert.Equal([ids[2], ids[1]], Ids(newer));
        }
    }

    [Theory]
    [InlineData("limit=0", "invalid_request")]
    [InlineData("limit=101", "invalid_request")]
    [InlineData("limit=ten", "invalid_request")]
    [InlineData("limit=5&limit=6", "invalid_request")]
    [InlineData("status=lost", "invalid_request")]
    [InlineData("accountId=a/b", "invalid_request")]
    [InlineData("colour=red", "invalid_request")]
    [InlineData("starting_after=7", "invalid_cursor")]
    [InlineData("starting_after=00000000-0000-7000-8000-000000000000", "invalid_cursor")]
    [InlineData("ending_before=", "invalid_cursor")]
    [InlineData("starting_after=7&ending_before=8", "invalid_cursor")]
    public async Task A_question_that_cannot_be_answered_is_refused(string query, string code)
    {
        using var response = await fixture.Client.GetAsync("/payments?" + query, TestContext.Current.CancellationToken);

        Assert.Equal(400, (int)response.StatusCode);
        Assert.Equal(code, await response.CodeAsync());
    }

    [Fact]
    public async Task A_settled_payment_shows_its_job_its_result_and_both_sides_of_its_posting()
    {
        var id = await fixture.Client.PayAsync("ACC-SHOWN", 250.13m);
        await Settlement.CompleteAsync(fixture.Database, id, discrepancy: 13);

        var payment = await fixture.Client.GetJsonAsync($"/payments/{id}");

        Assert.Equal("completed_with_discrepancy", payment.GetProperty("status").GetString());
        Assert.Equal("0.13", payment.GetProperty("discrepancy").GetRawText());
        Assert.Equal("completed", payment.GetProperty("job").GetProperty("status").GetString());
        var result = payment.GetProperty("reconciliation");
        Assert.Equal("250.00", result.GetProperty("actualAmount").GetRawText());
        Assert.False(result.GetProperty("matched").GetBoolean());
        Assert.Empty(payment.GetProperty("refunds").EnumerateArray());
        var entries = payment.GetProperty("ledgerEntries").EnumerateArray().ToList();
        Assert.Equal(
            ["debit 250.13 250.13", "credit 250.13 250.13"],
            entries.Select(entry => string.Join(
                ' ', entry.GetProperty("direction"), entry.GetProperty("amount").GetRawText(),
                entry.GetProperty("balanceAfter").GetRawText())),
            StringComparer.Ordinal);
        Assert.StartsWith("clearing/", entries[0].GetProperty("accountId").GetString(), StringComparison.Ordinal);
        Assert.Equal("ACC-SHOWN", entries[1].GetProperty("accountId").GetString());
    }

    private async Task<List<Guid>> CreateAsync(string account, int count)
    {
        var ids = new List<Guid>();
        for (var i = 0; i < count; i++)
        {
            ids.Add(await fixture.Client.PayAsync(account, i + 1));
        }

        ids.Sort();
        return ids;
    }

    private static List<Guid> Ids(JsonElement page) =>
        [.. page.GetProperty("data").EnumerateArray().Select(item => item.GetProperty("id").GetGuid())];

    private static string? Link(HttpResponseMessage response, string relation) =>
        response.Headers.TryGetValues("Link", out var values)
            ? values.SelectMany(value => value.Split(", "))
                .Where(link => link.EndsWith($"rel=\"{relation}\"", StringComparison.Ordinal))
                .Select(link => link[1..link.IndexOf('>', StringComparison.Ordinal)]).SingleOrDefault()
            : null;
}

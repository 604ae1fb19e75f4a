namespace Payments.Api.Tests.Payments;

public sealed class IntakeTests : IAsyncLifetime
{
    private readonly TestDatabase _database = new();

    public async ValueTask InitializeAsync()
    {
        await _database.InitializeAsync();
        await TestKeys.AddAsync(_database, "tester", ApiServer.Key);
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    // A constraint stands in for whatever the database may refuse one day that the API let pass.
    [Fact]
    public async Task A_payment_that_the_database_refuses_never_fails_its_neighbours()
    {
        await _database.ExecuteAsync(
            "ALTER TABLE payments ADD CONSTRAINT refuse_some CHECK (payee_account NOT LIKE 'bad%')");
        await using var api = ApiServer.Start(_database.AppConnectionString);

        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(async i =>
        {
            var account = i % 17 == 3 ? "bad" : "good";
            using var response = await api.Client.CreateAsync($$"""{"accountId":"{{account}}","amount":{{i}}}""");
            return (account, (int)response.StatusCode);
        }));

        Assert.All(answers, answer => Assert.Equal(answer.account == "bad" ? 500 : 201, answer.Item2));
        Assert.Equal(
            answers.Count(answer => answer.account == "good"),
            await _database.ScalarAsync<int>("SELECT count(*) FROM recon_jobs"));
    }

    [Fact]
    public async Task Who_waits_for_the_key_of_a_refused_payment_is_tried_on_its_own()
    {
        await _database.ExecuteAsync("ALTER TABLE payments ADD CONSTRAINT refuse_some CHECK (payee_account <> 'bad')");
        await using var api = ApiServer.Start(_database.AppConnectionString);

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(i =>
            api.Client.CreateAsync($$"""{"accountId":"{{(i < 10 ? "bad" : "good")}}","amount":1}""", "same")));

        Assert.Equal(10, answers.Skip(10).Count(answer => (int)answer.StatusCode == 201));
        Assert.DoesNotContain(answers.Take(10), answer => (int)answer.StatusCode == 201);
    }

    [Fact]
    public async Task More_than_the_queue_holds_is_told_to_come_again_and_loses_nothing()
    {
        await using var api = ApiServer.Start(
            _database.AppConnectionString, settings: [("Intake:QueueLimit", "5"), ("Intake:BatchLimit", "2")]);

        var answers = await Task.WhenAll(Enumerable.Range(0, 300).Select(async i =>
        {
            using var response = await api.Client.CreateAsync("""{"accountId":"A","amount":1}""", $"many-{i}");
            if ((int)response.StatusCode == 503)
            {
                Assert.Equal("overloaded", await response.CodeAsync());
                Assert.NotNull(response.Headers.RetryAfter);
            }

            return (int)response.StatusCode;
        }));

        Assert.Equal([201, 503], answers.Distinct().Order());
        Assert.Equal(
            answers.Count(status => status == 201), await _database.ScalarAsync<int>("SELECT count(*) FROM payments"));
    }

    [Fact]
    public async Task Jobs_are_queued_in_the_order_in_which_their_payments_arrived()
    {
        await using var api = ApiServer.Start(_database.AppConnectionString);
        for (var i = 0; i < 20; i++)
        {
            await api.Client.PayAsync("A", i);
        }

        Assert.Equal(
            Enumerable.Range(0, 20).Select(i => i * 100L),
            await _database.QueryAsync<long>("SELECT amount FROM recon_jobs ORDER BY sequence"));
    }

    // On empty tables a scan is the cheapest plan; a plan that was kept would scan the grown ones for ever.
    [Fact]
    public async Task Started_on_an_empty_database_and_loaded_at_once_no_statement_scans_a_table()
    {
        var api = ApiServer.Start(_database.AppConnectionString);
        await Task.WhenAll(Enumerable.Range(0, 32).Select(async client =>
        {
            for (var i = 0; i < 100; i++)
            {
                // Every third is a repetition, which takes the other statement.
                using var response = await api.Client.CreateAsync(
                    $$"""{"accountId":"ACC-{{client}}","amount":1}""", $"{client}-{i - (i % 3 == 2 ? 1 : 0)}");
                Assert.Equal(201, (int)response.StatusCode);
            }
        }));
        // A session that ends hands in what it counted.
        await api.DisposeAsync();

        // A table of a few pages may be read whole. What counts is what was read in total: a scan for each batch would
        // read a hundred thousands of rows.
        var read = await _database.ScalarAsync<long>(
            "SELECT sum(seq_tup_read) FROM pg_stat_user_tables WHERE relname IN ('payments', 'recon_jobs')");
        Assert.InRange(read, 0, 20_000);
    }

    // Whether a payer has a minimum balance is asked of the index, also by a plan that was made for an empty table.
    [Fact]
    public async Task Started_on_an_empty_database_transfers_find_their_payers_without_a_scan()
    {
        var api = ApiServer.Start(_database.AppConnectionString);
        await api.Client.TransferAsync("ACC-FIRST", "ACC-TO", 1);
        await _database.ExecuteAsync(
            """
            INSERT INTO accounts (name, currency, minimum_balance)
            SELECT 'ACC-' || i, 'USD', 0 FROM generate_series(1, 3000) AS i
            """);
        await _database.ExecuteAsync("SELECT pg_stat_reset()");
        for (var i = 0; i < 10; i++)
        {
            await Task.WhenAll(Enumerable.Range(1, 30).Select(
                payer => api.Client.TransferAsync($"ACC-{payer}", "ACC-TO", 1)));
        }

        await api.DisposeAsync();

        Assert.Equal(0, await _database.ScalarAsync<long>(
            "SELECT seq_tup_read FROM pg_stat_user_tables WHERE relname = 'accounts'"));
        Assert.Equal(30, await _database.ScalarAsync<int>(
            "SELECT count(DISTINCT (payer_account, division)) FROM recon_jobs WHERE payer_account <> 'ACC-FIRST'"));
    }

    [Fact]
    public async Task A_stop_answers_what_was_taken_and_stores_it()
    {
        var api = ApiServer.Start(_database.AppConnectionString);
        var requests = Enumerable.Range(0, 200)
            .Select(i => api.Client.CreateAsync("""{"accountId":"A","amount":1}""", $"stopping-{i}")).ToList();
        await requests[0];
        await api.Services.GetRequiredService<IHost>().StopAsync(TestContext.Current.CancellationToken);

        var created = 0;
        foreach (var request in requests)
        {
            try
            {
                created += (int)(await request).StatusCode == 201 ? 1 : 0;
            }
            catch (HttpRequestException)
            {
                // Never taken: the server had stopped accepting connections.
            }
        }

        Assert.Equal(created, await _database.ScalarAsync<int>("SELECT count(*) FROM payments"));
        await api.DisposeAsync();
    }
}

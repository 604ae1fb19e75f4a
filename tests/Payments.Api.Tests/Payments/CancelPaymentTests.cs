using Npgsql;

namespace Payments.Api.Tests.Payments;

public sealed class CancelPaymentTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    [Fact]
    public async Task A_queued_payment_can_be_cancelled_and_posts_nothing()
    {
        await Settlement.CompleteAsync(fixture.Database, await fixture.Client.PayAsync("ACC-CANCEL", 1));
        var id = await fixture.Client.PayAsync("ACC-CANCEL", 100);
        using var response = await CancelAsync($"/payments/{id}");

        Assert.Equal(200, (int)response.StatusCode);
        var payment = await response.ReadAsync();
        Assert.Equal("cancelled", payment.GetProperty("status").GetString());
        Assert.Equal("cancelled", payment.GetProperty("job").GetProperty("status").GetString());
        Assert.Equal(
            "0.00",
            (await fixture.Client.GetJsonAsync("/accounts/ACC-CANCEL/balance")).GetProperty("pending").GetRawText());
        await Books.ShouldBeRightAsync(fixture.Database);
    }

    [Fact]
    public async Task A_transfer_can_be_cancelled_at_its_own_address_and_has_failed_for_who_polls_it()
    {
        var (id, key) = await fixture.Client.TransferAsync("ACC-A", "ACC-B", 5);
        using var response = await CancelAsync($"/api/v1/transactions/{id}");

        Assert.Equal("cancelled", (await response.ReadAsync()).GetProperty("status").GetString());
        var status = await fixture.Client.GetJsonAsync("/api/v1/transactions/status/" + key);
        Assert.Equal("FAILED", status.GetProperty("status").GetString());
        Assert.Equal("cancelled", status.GetProperty("result").GetProperty("status").GetString());
    }

    [Fact]
    public async Task Cancelling_again_is_answered_alike()
    {
        var id = await fixture.Client.PayAsync("ACC-TWICE", 100);
        using var first = await CancelAsync($"/payments/{id}");
        using var second = await CancelAsync($"/payments/{id}");

        Assert.Equal((200, 200), ((int)first.StatusCode, (int)second.StatusCode));
        Assert.Equal((await first.ReadAsync()).GetRawText(), (await second.ReadAsync()).GetRawText());
    }

    [Theory]
    [InlineData("UPDATE recon_jobs SET status = 'processing', locked_by = 'w' WHERE id = @id")]
    [InlineData("UPDATE recon_jobs SET status = 'dead', finished_at = now(), buried_at = now() WHERE id = @id")]
    public async Task What_a_worker_has_claimed_or_given_up_cannot_be_cancelled(string fate)
    {
        var id = await fixture.Client.PayAsync("ACC-CLAIMED", 100);
        await fixture.Database.ExecuteAsync(fate, new { id });
        using var response = await CancelAsync($"/payments/{id}");

        Assert.Equal((409, "payment_not_cancellable"), ((int)response.StatusCode, await response.CodeAsync()));
        Assert.Equal("pending", await fixture.Database.ScalarAsync<string>(
            "SELECT status FROM payments WHERE id = @id", new { id }));
    }

    [Fact]
    public async Task What_is_settled_or_unknown_cannot_be_cancelled()
    {
        var id = await fixture.Client.PayAsync("ACC-SETTLED", 100);
        await Settlement.CompleteAsync(fixture.Database, id);
        using var settled = await CancelAsync($"/payments/{id}");
        using var unknown = await CancelAsync($"/payments/{Guid.CreateVersion7()}");

        Assert.Equal((409, "payment_not_cancellable"), ((int)settled.StatusCode, await settled.CodeAsync()));
        Assert.Equal((404, "payment_not_found"), ((int)unknown.StatusCode, await unknown.CodeAsync()));
    }

    // The claim is made and not committed when the request arrives: the request waits for it, and loses.
    [Fact]
    public async Task A_claim_that_was_first_wins()
    {
        var id = await fixture.Client.PayAsync("ACC-RACE", 100);
        await using var worker = await fixture.Database.Superuser.OpenConnectionAsync(
            TestContext.Current.CancellationToken);
        await using var claim = await worker.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (var take = new NpgsqlCommand(
            "UPDATE recon_jobs SET status = 'processing', locked_by = 'w' WHERE id = $1", worker))
        {
            take.Parameters.Add(new() { Value = id });
            await take.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        var cancelling = CancelAsync($"/payments/{id}");
        while (await fixture.Database.ScalarAsync<int>("""
            SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%withdrawn%'
            """) == 0)
        {
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        await claim.CommitAsync(TestContext.Current.CancellationToken);
        using var response = await cancelling;

        Assert.Equal(409, (int)response.StatusCode);
    }

    private Task<HttpResponseMessage> CancelAsync(string address) =>
        fixture.Client.PostJsonAsync(address + "/cancel", "");
}

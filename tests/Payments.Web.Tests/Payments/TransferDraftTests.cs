using System.Net;
using System.Text.Json;
using Payments.Web.Payments;

namespace Payments.Web.Tests.Payments;

public sealed class TransferDraftTests
{
    private const string Path = "/api/v1/transactions";

    [Fact]
    public async Task A_transfer_is_sent_as_the_document_writes_it()
    {
        var api = new FakeApi().Answers(Path, Answers.Accepted, HttpStatusCode.Accepted);
        var draft = Draft();
        var key = draft.IdempotencyKey;

        await draft.SendAsync(api.Client());

        Assert.Equal(
            $$$"""
            {"transaction":{"source_account_id":"ACC-001","destination_account_id":"ACC-002","amount":250.10,
            "currency":"USD","description":null},"idempotencyKey":"{{{key}}}"}
            """.ReplaceLineEndings(""),
            Assert.Single(api.Received).Body);
        Assert.Equal(Guid.Parse(Answers.PaymentId), draft.Created!.Id);
    }

    [Fact]
    public async Task A_retry_after_a_lost_answer_carries_the_same_key_and_the_next_transfer_another()
    {
        var api = new FakeApi().IsUnreachableAt(Path);
        var draft = Draft();

        await draft.SendAsync(api.Client());
        Assert.True(draft.Problem!.IsOutcomeUnknown);
        api.Answers(Path, Answers.Accepted, HttpStatusCode.Accepted);
        await draft.SendAsync(api.Client());
        draft.Amount = "1";
        await draft.SendAsync(api.Client());

        var keys = api.Received
            .Select(received => JsonDocument.Parse(received.Body).RootElement.GetProperty("idempotencyKey").GetString())
            .ToList();
        Assert.Equal(3, keys.Count);
        Assert.Equal((true, false), (keys[0] == keys[1], keys[1] == keys[2]));
    }

    [Fact]
    public async Task A_second_click_while_the_first_is_under_way_sends_nothing()
    {
        var api = new FakeApi();
        var answer = api.HoldsBack(Path);
        var draft = Draft();

        var first = draft.SendAsync(api.Client());
        await draft.SendAsync(api.Client());
        answer(Answers.Accepted);
        await first;

        Assert.Single(api.Received);
    }

    [Fact]
    public async Task What_is_missing_is_said_beside_its_field_and_not_sent()
    {
        var api = new FakeApi();
        var draft = new TransferDraft(TimeProvider.System) { Amount = "1,5" };

        await draft.SendAsync(api.Client());

        Assert.NotNull(draft.ErrorOf("source_account_id"));
        Assert.NotNull(draft.ErrorOf("destination_account_id"));
        Assert.NotNull(draft.ErrorOf("amount"));
        Assert.Empty(api.Received);
    }

    [Fact]
    public async Task What_the_api_refuses_is_shown_beside_its_field()
    {
        var api = new FakeApi().Answers(
            Path,
            """
            {"status":422,"code":"unprocessable","detail":"No.","errors":[
            {"detail":"must be another account than the source","pointer":"#/transaction/destination_account_id"}]}
            """,
            HttpStatusCode.UnprocessableEntity);
        var draft = Draft();

        await draft.SendAsync(api.Client());

        Assert.Equal("must be another account than the source", draft.ErrorOf("destination_account_id"));
    }

    private static TransferDraft Draft() => new(TimeProvider.System)
    {
        Source = "ACC-001",
        Destination = " ACC-002 ",
        Amount = "250.10",
    };
}

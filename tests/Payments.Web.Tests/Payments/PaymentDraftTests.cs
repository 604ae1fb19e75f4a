using System.Net;
using Payments.Web.Payments;

namespace Payments.Web.Tests.Payments;

public sealed class PaymentDraftTests
{
    [Fact]
    public async Task A_retry_after_a_lost_answer_carries_the_same_key()
    {
        var api = new FakeApi().IsUnreachableAt("/payments");
        var draft = Draft();

        await draft.SendAsync(api.Client());
        Assert.True(draft.Problem!.IsOutcomeUnknown);
        api.Creates(Answers.Payment(), replayed: true);
        await draft.SendAsync(api.Client());

        Assert.Single(Keys(api).Distinct());
        Assert.True(draft.Created!.Replayed);
    }

    [Fact]
    public async Task A_correction_after_a_refusal_carries_the_same_key()
    {
        var api = new FakeApi().Answers("/payments", Answers.NotFound, HttpStatusCode.UnprocessableEntity);
        var draft = Draft();

        await draft.SendAsync(api.Client());
        draft.AccountId = "ACC-002";
        await draft.SendAsync(api.Client());

        Assert.Equal(2, Keys(api).Count);
        Assert.Single(Keys(api).Distinct());
    }

    [Fact]
    public async Task The_payment_after_a_created_one_has_a_new_key_and_an_empty_amount()
    {
        var api = new FakeApi().Creates(Answers.Payment());
        var draft = Draft();

        await draft.SendAsync(api.Client());
        Assert.Equal(("ACC-001", ""), (draft.AccountId, draft.Amount));
        draft.Amount = "1";
        await draft.SendAsync(api.Client());

        Assert.Equal(2, Keys(api).Distinct().Count());
    }

    [Fact]
    public async Task A_second_click_while_the_first_is_under_way_sends_nothing()
    {
        var api = new FakeApi();
        var answer = api.HoldsBack("/payments");
        var draft = Draft();

        var first = draft.SendAsync(api.Client());
        await draft.SendAsync(api.Client());
        answer(Answers.Payment());
        await first;

        Assert.Single(api.Received);
    }

    [Fact]
    public async Task A_second_click_after_the_first_was_answered_sends_nothing()
    {
        var api = new FakeApi().Creates(Answers.Payment());
        var draft = Draft();

        await draft.SendAsync(api.Client());
        await draft.SendAsync(api.Client());

        Assert.Single(api.Received);
        Assert.Equal("Enter an amount.", draft.ErrorOf("amount"));
    }

    [Theory]
    [InlineData("1.234", "USD", "USD has at most 2 decimals.")]
    [InlineData("1.5", "JPY", "JPY has no decimals.")]
    [InlineData("1,5", "USD", "Write the amount in digits, with a point before decimals and no commas.")]
    public async Task An_amount_that_cannot_be_meant_is_not_sent(string amount, string currency, string error)
    {
        var api = new FakeApi();
        var draft = Draft();
        (draft.Amount, draft.Currency) = (amount, currency);

        await draft.SendAsync(api.Client());

        Assert.Equal(error, draft.ErrorOf("amount"));
        Assert.Empty(api.Received);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-50.00")]
    public async Task Zero_and_negative_amounts_are_sent_for_the_worker_to_fail(string amount)
    {
        var api = new FakeApi().Creates(Answers.Payment(amount: amount));
        var draft = Draft();
        draft.Amount = amount;

        await draft.SendAsync(api.Client());

        Assert.NotNull(draft.Created);
    }

    private static PaymentDraft Draft() =>
        new(TimeProvider.System) { AccountId = "ACC-001", Amount = "250.13" };

    private static List<string> Keys(FakeApi api) =>
        api.Received.Select(received => received.Request.Headers.GetValues("Idempotency-Key").Single()).ToList();
}

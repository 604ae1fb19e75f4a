using Microsoft.Extensions.Options;
using Payments.Api.Idempotency;

namespace Payments.Api.Tests.Idempotency;

public sealed class FinishedAnswersTests
{
    private readonly Clock _clock = new();

    [Fact]
    public void The_oldest_answers_make_room_for_new_ones()
    {
        var answers = Answers(limit: 3);
        for (var i = 1; i <= 5; i++)
        {
            answers.Remember(Scope(i), Request());
        }

        Assert.Equal(3, answers.Count);
        Assert.Null(answers.Find(Scope(2)));
        Assert.NotNull(answers.Find(Scope(3)));
        Assert.Equal((1L, 1L), (answers.Hits, answers.Misses));
    }

    [Fact]
    public void An_answer_that_is_remembered_twice_takes_one_place()
    {
        var answers = Answers(limit: 3);
        answers.Remember(Scope(1), Request());
        answers.Remember(Scope(1), Request());

        Assert.Equal(1, answers.Count);
    }

    [Fact]
    public void An_answer_is_asked_for_anew_after_its_lifetime()
    {
        var answers = Answers(limit: 3);
        answers.Remember(Scope(1), Request());

        _clock.Now += FinishedAnswers.Lifetime;

        Assert.Null(answers.Find(Scope(1)));
    }

    [Fact]
    public void A_large_answer_is_not_kept()
    {
        var answers = Answers(limit: 3);
        answers.Remember(Scope(1), Request(new byte[9_000]));

        Assert.Equal(0, answers.Count);
    }

    [Fact]
    public void With_no_room_at_all_nothing_is_kept()
    {
        var answers = Answers(limit: 0);
        answers.Remember(Scope(1), Request());

        Assert.Null(answers.Find(Scope(1)));
    }

    private static KeyScope Scope(int key) => new(1, "POST /", FormattableString.Invariant($"{key}"));

    private static TakenKey Request(byte[]? body = null) => new([1], new FinishedAnswer(200, body ?? []));

    private FinishedAnswers Answers(int limit) =>
        new(Options.Create(new IdempotencyOptions { CachedAnswers = limit }), _clock);

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = DateTimeOffset.UnixEpoch;

        public override DateTimeOffset GetUtcNow() => Now;
    }
}

using Payments.Api.Idempotency;

namespace Payments.Api.Tests.Idempotency;

public sealed class IdempotencyKeyTests
{
    [Theory]
    [InlineData("abc", "abc")]
    [InlineData("\"abc\"", "abc")]
    [InlineData("a b", "a b")]
    [InlineData("\"a\\\"b\\\\c\"", "a\"b\\c")]
    [InlineData("a\\b", "a\\b")]
    public void A_quoted_key_and_a_bare_one_name_the_same_request(string header, string key)
    {
        Assert.True(IdempotencyKey.TryParse(header, out var parsed));

        Assert.Equal(key, parsed);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\"")]
    [InlineData("\"\"")]
    [InlineData("\"abc")]
    [InlineData("abc\"")]
    [InlineData("a\"b")]
    [InlineData("\"a\"b\"")]
    [InlineData("\"a\\b\"")]
    [InlineData("\"a\\\"")]
    [InlineData("\"a\"; q=1")]
    [InlineData("one, two")]
    [InlineData("a\tb")]
    [InlineData("schlüssel")]
    public void A_key_that_is_not_printable_ASCII_or_not_a_whole_string_is_refused(string header)
    {
        Assert.False(IdempotencyKey.TryParse(header, out _));
    }

    [Fact]
    public void A_key_has_at_most_255_characters()
    {
        Assert.True(IdempotencyKey.TryParse(new string('k', 255), out _));
        Assert.True(IdempotencyKey.TryParse('"' + new string('k', 255) + '"', out _));

        Assert.False(IdempotencyKey.TryParse(new string('k', 256), out _));
        Assert.False(IdempotencyKey.TryParse("\"\\\"" + new string('k', 255) + '"', out _));
    }
}

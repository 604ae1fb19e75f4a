using Payments.Ledger.Accounts;

namespace Payments.Ledger.Tests.Accounts;

public sealed class AccountNameTests
{
    [Theory]
    [InlineData("ACC-001")]
    [InlineData("account-123")]
    [InlineData("a.b_c:d@e")]
    [InlineData("0")]
    public void Letters_digits_and_a_few_signs_make_a_name(string name) => Assert.True(AccountName.IsValid(name));

    [Theory]
    [InlineData("")]
    [InlineData("-a")]
    [InlineData("a b")]
    [InlineData("clearing/07")]
    [InlineData("konto-ä")]
    [InlineData("a\0")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public void Anything_else_is_not_a_name(string name) => Assert.False(AccountName.IsValid(name));

    [Theory]
    [InlineData("clearing")]
    [InlineData("Suspense")]
    [InlineData("USDC_BUFFER")]
    public void The_names_of_system_accounts_are_kept_back_in_any_case(string name) =>
        Assert.True(AccountName.IsReserved(name));
}

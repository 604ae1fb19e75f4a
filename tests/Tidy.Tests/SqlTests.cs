using System.Text.RegularExpressions;

namespace Tidy.Tests;

public sealed partial class SqlTests
{
    [Fact]
    public void Columns_are_listed() => Finding.AssertNone(Repository.Files.SelectMany(Stars));

    [Fact]
    public void Nothing_is_interpolated_into_a_statement() =>
        Finding.AssertNone(Repository.Files.SelectMany(Interpolations));

    [Fact]
    public void A_transaction_that_is_begun_is_awaited() =>
        Finding.AssertNone(Repository.Files.SelectMany(UnawaitedTransactions));

    [Theory]
    [InlineData("SELECT * FROM payments", 1)]
    [InlineData("SELECT DISTINCT p.* FROM payments AS p", 1)]
    [InlineData("UPDATE payments SET status = 'x' RETURNING *", 1)]
    [InlineData("SELECT id FROM payments; SELECT count(*) FROM payments", 0)]
    public void A_star_for_columns_is_found(string sql, int findings) =>
        Assert.Equal(findings, Stars(new("a.sql", sql)).Count());

    [Theory]
    [InlineData("$\"SELECT id FROM {table}\"", 1)]
    [InlineData("$\"\"\"\n    UPDATE payments\n    SET status = '{status}'\n    \"\"\"", 1)]
    [InlineData("$\"DELETE FROM payments WHERE id = {id}\"", 1)]
    [InlineData("\"SELECT id FROM payments WHERE id = @id\"", 0)]
    [InlineData("$\"SELECT id FROM payments\"", 0)]
    [InlineData("$\"CREATE DATABASE {identifier}\"", 0)]
    [InlineData("$\"CREATE DATABASE {identifier} OWNER {owner}\"", 1)]
    [InlineData("$\"Update {count} rows\"", 0)]
    public void A_value_in_a_statement_s_text_is_found(string code, int findings) =>
        Assert.Equal(findings, Interpolations(new("Payments.Api/A.cs", code)).Count());

    [Theory]
    [InlineData("await using var t = await connection.BeginTransactionAsync(cancel);", 0)]
    [InlineData("await using var t =\n    await connection\n        .BeginTransactionAsync(cancel);", 0)]
    [InlineData("await using var t = connection.BeginTransactionAsync(cancel);", 1)]
    [InlineData("var t = connection.BeginTransactionAsync(cancel);", 1)]
    public void A_forgotten_await_is_found(string code, int findings) =>
        Assert.Equal(findings, UnawaitedTransactions(new("A.cs", code)).Count());

    private static IEnumerable<Finding> Stars(SourceFile file) => file.Is(".cs", ".sql", ".razor") && !IsOwn(file)
        ? Find(file, Star(), "list the columns: a star changes its meaning with the table.")
        : [];

    // Tests put together statements from their own constants, to try what the product never sends. DDL takes no
    // parameters: a name quoted by QuoteIdentifier may stand in it, in a variable that says so.
    private static IEnumerable<Finding> Interpolations(SourceFile file) => file.Is(".cs") && !file.IsIn("tests")
        ? InterpolatedLiteral().Matches(file.Text)
            .Where(literal => WithoutIdentifiers(literal.Groups["text"].Value) is var text
                && text.Contains('{', StringComparison.Ordinal)
                && Statement().IsMatch(text))
            .Select(literal => new Finding(
                file.Path, file.LineAt(literal.Index), "pass a parameter: nothing is interpolated into SQL."))
        : [];

    private static IEnumerable<Finding> UnawaitedTransactions(SourceFile file) => file.Is(".cs") && !IsOwn(file)
        ? BeginTransaction().Matches(file.Text)
            .Where(call => !IsAwaited(file.Text, call.Index))
            .Select(call => new Finding(
                file.Path, file.LineAt(call.Index), "await it: otherwise statements run outside of the transaction."))
        : [];

    private static string WithoutIdentifiers(string text) => text.Replace("{identifier}", "", StringComparison.Ordinal);

    // The expression that ends in the call begins after the last of these marks.
    private static bool IsAwaited(string text, int call)
    {
        var expression = text[(text.LastIndexOfAny(['=', ';', '{', '}'], call) + 1)..call];
        return expression.TrimStart().StartsWith("await ", StringComparison.Ordinal);
    }

    private static bool IsOwn(SourceFile file) => file.IsIn("tests/Tidy.Tests");

    private static IEnumerable<Finding> Find(SourceFile file, Regex pattern, string instead) =>
        pattern.Matches(file.Text).Select(match => new Finding(file.Path, file.LineAt(match.Index), instead));

    [GeneratedRegex(@"\b(?:SELECT|RETURNING)\s+(?:DISTINCT\s+)?(?:\w+\.)?\*")]
    private static partial Regex Star();

    [GeneratedRegex(@"\$+@?(?<quote>""{3,})(?<text>[\s\S]*?)\k<quote>|\$@?""(?<text>(?:[^""\\\n]|\\.)*)""")]
    private static partial Regex InterpolatedLiteral();

    // Upper case, at the begin of a line: "Update {count} rows" is no statement.
    [GeneratedRegex(
        @"^\s*(?:SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH|ALTER|CREATE|DROP|GRANT|REVOKE|TRUNCATE|NOTIFY|SET)\s",
        RegexOptions.Multiline)]
    private static partial Regex Statement();

    [GeneratedRegex(@"\.BeginTransactionAsync\(")]
    private static partial Regex BeginTransaction();
}

using System.Globalization;
using System.Text.RegularExpressions;

namespace Tidy.Tests;

public sealed partial class MigrationTests
{
    private const string Folder = "Payments.Ledger/Migrations";

    [Fact]
    public void Migrations_are_numbered_without_gaps_and_named_for_what_they_add() =>
        Finding.AssertNone(Misnumbered(Repository.Paths));

    [Fact]
    public void A_constraint_that_code_names_is_one_that_a_migration_makes()
    {
        var migrations = string.Concat(Repository.Files.Where(IsMigration).Select(file => file.Text));

        Finding.AssertNone(Repository.Files.Where(file => file.Is(".cs") && !file.IsIn("tests/Tidy.Tests"))
            .SelectMany(file => UnknownConstraints(file, migrations)));
    }

    [Fact]
    public void Every_constraint_of_a_table_has_a_name() =>
        Finding.AssertNone(Repository.Files.Where(IsMigration).SelectMany(Nameless));

    [Fact]
    public void A_gap_a_double_and_a_bad_name_are_found()
    {
        string[] paths =
            [$"{Folder}/0001_a.sql", $"{Folder}/0001_b.sql", $"{Folder}/0004_c.sql", $"{Folder}/5.sql"];

        Assert.Equal(
            [$"{Folder}/0001_b.sql", $"{Folder}/0004_c.sql", $"{Folder}/5.sql"],
            Misnumbered(paths).Select(finding => finding.Path));
    }

    [Fact]
    public void An_unknown_constraint_is_found()
    {
        var file = new SourceFile("A.cs", "catch (X e) when (e is { ConstraintName: \"a_key\" })\nvar b = \"b_fkey\";");

        Assert.Equal([1, 2], UnknownConstraints(file, "CONSTRAINT c_key").Select(finding => finding.Line));
        Assert.Empty(UnknownConstraints(file, "CONSTRAINT a_key UNIQUE, CONSTRAINT b_fkey"));
    }

    private static bool IsMigration(SourceFile file) => file.IsIn(Folder) && file.Is(".sql");

    private static IEnumerable<Finding> Misnumbered(IEnumerable<string> paths) => paths
        .Where(path => path.StartsWith(Folder + '/', StringComparison.Ordinal)
            && path.EndsWith(".sql", StringComparison.Ordinal))
        .Order(StringComparer.Ordinal)
        .Index()
        .Where(migration => MigrationPath().Match(migration.Item) is not { Success: true } match
            || int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) != migration.Index + 1)
        .Select(migration => new Finding(
            migration.Item, 1, $"name it {migration.Index + 1:0000}_what_it_adds.sql: numbers have no gaps."));

    // Names that stand beside ConstraintName, and whatever else is spelled like a key's name.
    private static IEnumerable<Finding> UnknownConstraints(SourceFile file, string migrations) =>
        from line in file.Lines.Index()
        from Match literal in (line.Item.Contains("ConstraintName", StringComparison.Ordinal)
            ? AnyName()
            : KeyName()).Matches(line.Item)
        let name = literal.Groups[1].Value
        where !Regex.IsMatch(migrations, $@"\b{name}\b")
        select new Finding(file.Path, line.Index + 1, $"no migration makes the constraint '{name}': name it there.");

    private static IEnumerable<Finding> Nameless(SourceFile file) => NamelessConstraint().Matches(file.Text).Select(
        match => new Finding(
            file.Path,
            file.LineAt(match.Index),
            $"write CONSTRAINT name {match.Groups["rule"].Value}: code and operators refer to rules by name."));

    [GeneratedRegex(@"/(\d{4})_[a-z0-9_]+\.sql$")]
    private static partial Regex MigrationPath();

    [GeneratedRegex("\"([a-z][a-z0-9]*(?:_[a-z0-9]+)+)\"")]
    private static partial Regex AnyName();

    [GeneratedRegex("\"([a-z][a-z0-9_]*_(?:pkey|fkey))\"")]
    private static partial Regex KeyName();

    [GeneratedRegex(@"^    (?:\w+ [^,\n]*)?(?<!CONSTRAINT \w+ [^\n]*)\b(?<rule>PRIMARY KEY|UNIQUE|CHECK|REFERENCES)\b",
        RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex NamelessConstraint();
}

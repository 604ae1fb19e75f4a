namespace Tidy.Tests;

public sealed class NameTests
{
    private static readonly string[] Empty = ["Helper", "Helpers", "Util", "Utils", "Common", "Services", "Interfaces"];
    private static readonly string[] Endings = ["Helper", "Helpers", "Util", "Utils"];

    [Fact]
    public void Folders_and_files_are_named_for_what_they_hold() =>
        Finding.AssertNone(Repository.Paths.SelectMany(EmptyNames));

    [Theory]
    [InlineData("Payments.Api/Helpers/Money.cs", 1)]
    [InlineData("Payments.Api/Payments/PaymentHelper.cs", 1)]
    [InlineData("Payments.Api/Extensions.cs", 1)]
    [InlineData("Payments.Api/Services.cs", 1)]
    [InlineData("Payments.Api/Payments/PaymentEndpoints.cs", 0)]
    [InlineData("local-packages/A/ServiceDiscoveryServiceCollectionExtensions.cs", 0)]
    public void A_name_that_says_nothing_is_found(string path, int findings) =>
        Assert.Equal(findings, EmptyNames(path).Count());

    private static IEnumerable<Finding> EmptyNames(string path)
    {
        var parts = path.Split('/');
        var file = parts[^1].Split('.')[0];

        if (parts[..^1].Intersect(Empty, StringComparer.OrdinalIgnoreCase).FirstOrDefault() is { } folder)
        {
            yield return new(path, 1, $"'{folder}' says nothing: put the file into the folder of its feature.");
        }

        if (file is "Extensions"
            || Empty.Contains(file, StringComparer.OrdinalIgnoreCase)
            || Endings.Any(end => file.EndsWith(end, StringComparison.Ordinal)))
        {
            yield return new(path, 1, "name the file for the thing or the operation in it.");
        }
    }
}

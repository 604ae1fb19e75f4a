namespace Payments.Api.Tests.Reconciliation.Exceptions;

/// <summary>What requests to the desk may say, and what is refused of them.</summary>
public sealed class ExceptionRequestTests(Desk desk) : IClassFixture<Desk>
{
    private const string Unknown = "01a1fcaa-a6b4-729a-879b-9da3d8101381";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("status=open", "low critical overdue")]
    [InlineData("status=resolved,acknowledged", "resolved acknowledged")]
    [InlineData("severity=high,critical", "acknowledged critical")]
    [InlineData("severity=low", "low resolved overdue")]
    [InlineData("check_type=withdrawals", "critical")]
    [InlineData("assignee=anna", "acknowledged")]
    [InlineData("account=ACC-7", "resolved")]
    [InlineData("unresolved=true", "low acknowledged critical overdue")]
    [InlineData("unresolved=false", "resolved")]
    [InlineData("overdue=true", "overdue")]
    [InlineData("overdue=false&severity=low", "low resolved")]
    public async Task Filters_say_which_are_wanted(string filter, string expected)
    {
        await PlantFiveAsync();
        var list = await desk.Anna.GetJsonAsync($"{Desk.Root}/exceptions?{filter}");

        Assert.Equal(
            expected,
            string.Join(' ', list.GetProperty("data").EnumerateArray().Reverse()
                .Select(one => one.GetProperty("description").GetString())));
    }

    [Theory]
    [InlineData("?severity=huge", "invalid_request")]
    [InlineData("?status=", "invalid_request")]
    [InlineData("?check_type=weather", "invalid_request")]
    [InlineData("?unresolved=yes", "invalid_request")]
    [InlineData("?sort=name", "invalid_request")]
    [InlineData("?starting_after=7", "invalid_cursor")]
    [InlineData("?starting_after=01a1fcaa-a6b4-729a-879b-9da3d8101381", "invalid_cursor")]
    [InlineData("?format=csv&limit=5", "invalid_request")]
    public async Task A_query_that_means_nothing_is_refused(string query, string code)
    {
        using var response = await desk.Anna.GetAsync($"{Desk.Root}/exceptions{query}", Cancel);

        Assert.Equal((400, code), ((int)response.StatusCode, await response.CodeAsync()));
    }

    [Fact]
    public async Task The_statement_of_the_documents_finds_the_unresolved_ones_that_matter()
    {
        await PlantFiveAsync();

        const string Everything = "*";
        Assert.Equal(2, await desk.Database.ScalarAsync<long>($"""
            SELECT count(*)
            FROM (
                SELECT {Everything} FROM reconciliation_exceptions
                WHERE severity IN ('high', 'critical')
                AND resolved_at IS NULL
                ORDER BY created_at DESC
            ) AS found
            """));
    }

    [Theory]
    [InlineData("01a1fcaa-a6b4-729a-879b-9da3d8101381")]
    [InlineData("7")]
    public async Task What_is_no_id_of_an_exception_is_not_found(string id)
    {
        using var response = await desk.Anna.GetAsync($"{Desk.Root}/exceptions/{id}", Cancel);

        Assert.Equal((404, "exception_not_found"), ((int)response.StatusCode, await response.CodeAsync()));
    }

    [Theory]
    [InlineData("resolve", """{"resolvedBy":"Anna"}""", "400 invalid_request")]
    [InlineData("resolve", """{"notes":7}""", "400 invalid_request")]
    [InlineData("resolve", """{"version":"1"}""", "400 invalid_request")]
    [InlineData("resolve", """{"version":1.5}""", "400 invalid_request")]
    [InlineData("resolve", "{\"notes\":", "400 invalid_json")]
    [InlineData("resolve", """{"resolved_by":" "}""", "422 unprocessable")]
    [InlineData("assign", """{"assignee":"a\nb"}""", "422 unprocessable")]
    [InlineData("comments", """{}""", "422 unprocessable")]
    [InlineData("comments", """{"text":"a\u0000b"}""", "422 unprocessable")]
    public async Task A_body_that_is_not_right_is_refused(string action, string body, string expected)
    {
        Assert.Equal(expected, await desk.Anna.RefusedAsync($"/exceptions/{Unknown}/{action}", body));
    }

    [Theory]
    [InlineData("""{"action":"delete","ids":["a"]}""")]
    [InlineData("""{"action":"resolve","ids":[]}""")]
    [InlineData("""{"action":"resolve"}""")]
    [InlineData("""{"action":"comment","ids":["a"]}""")]
    [InlineData("""{"action":"resolve","ids":["a","A"]}""")]
    public async Task A_bulk_that_is_not_right_is_refused(string body) =>
        Assert.Equal("422 unprocessable", await desk.Anna.RefusedAsync("/exceptions/bulk", body));

    [Fact]
    public async Task What_does_not_exist_is_not_found()
    {
        foreach (var id in (string[])[Unknown, "7"])
        {
            Assert.Equal("404 exception_not_found", await desk.Anna.RefusedAsync($"/exceptions/{id}/resolve"));
        }
    }

    private async Task PlantFiveAsync()
    {
        if (await desk.Database.ScalarAsync<long>("SELECT count(*) FROM reconciliation_exceptions") > 0)
        {
            return;
        }

        foreach (var planted in (PlantedException[])
        [
            new("deposits", "k") { Description = "low" },
            new("deposits", "k") { Description = "resolved", Account = "ACC-7" },
            new("deposits", "k") { Description = "acknowledged", Severity = "high", Assignee = "anna" },
            new("withdrawals", "k") { Description = "critical", Severity = "critical" },
            new("deposits", "k") { Description = "overdue", Due = -1 },
        ])
        {
            await desk.Database.PlantAsync(planted);
        }

        await desk.Database.ExecuteAsync("""
            UPDATE reconciliation_exceptions SET status = 'resolved', resolved_at = now()
            WHERE description = 'resolved';
            UPDATE reconciliation_exceptions SET status = 'acknowledged' WHERE description = 'acknowledged'
            """);
    }
}

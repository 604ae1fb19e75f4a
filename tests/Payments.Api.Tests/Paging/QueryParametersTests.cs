using Payments.Testing.OpenApi;

namespace Payments.Api.Tests.Paging;

/// <summary>What a query string cannot be is refused at the door, and never by the database.</summary>
public sealed class QueryParametersTests(ApiFixture fixture) : IClassFixture<ApiFixture>, IAsyncLifetime
{
    private HttpClient _client = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await TestKeys.AddAsync(
            fixture.Database, "asker", "key-of-the-asker",
            [.. TestKeys.ReadAndWrite, "queue:admin", "reconciliation:admin", "audit:read"]);
        _client = fixture.Api.CreateClient("key-of-the-asker");
    }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task No_parameter_of_any_list_or_question_takes_a_character_that_the_database_has_not()
    {
        var document = new ApiDocument(await _client.GetJsonAsync("/openapi/v1.json"));
        var parameters =
            from operation in document.Operations
            where operation.Method == "GET"
            from parameter in operation.Parameters
            where parameter.GetProperty("in").GetString() == "query"
            let path = string.Join('/', operation.Path.Split('/').Select(part => part.StartsWith('{') ? "A" : part))
            select $"{path}?{parameter.GetProperty("name").GetString()}=a%00b";

        var answers = new List<string>();
        foreach (var address in parameters)
        {
            using var response = await _client.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, Cancel);
            answers.Add($"{address}: {(int)response.StatusCode}");
        }

        Assert.NotEmpty(answers);
        Assert.DoesNotContain(answers, answer => !answer.EndsWith(": 400", StringComparison.Ordinal));
    }

    // The web server itself refuses such a path, before the request is one of any route.
    [Theory]
    [InlineData("/accounts/a%00b/balance")]
    [InlineData("/api/v1/accounts/a%00b/ledger")]
    [InlineData("/api/v1/transactions/status/a%00b")]
    public async Task Nor_does_a_path(string address)
    {
        using var bare = new HttpClient { BaseAddress = fixture.Api.Address };
        using var response = await bare.GetAsync(address, Cancel);

        Assert.Equal(400, (int)response.StatusCode);
    }

    [Theory]
    [InlineData("a%0Ab")]
    [InlineData("%C3%A9")]
    public async Task A_key_that_no_request_can_have_is_unknown(string key)
    {
        using var response = await _client.GetAsync("/api/v1/transactions/status/" + key, Cancel);

        Assert.Equal("transaction_not_found", await response.CodeAsync());
    }

    // Thirty days before the first month of the calendar there is no day.
    [Theory]
    [InlineData("/api/admin/reconciliation/checks/deposits/trend?to=0001-01-15")]
    [InlineData("/api/admin/reconciliation/checks/deposits/trend?from=9999-12-31T23:59:59.9999999Z")]
    [InlineData("/accounts/ACC-001/balance?at=1969-12-31")]
    [InlineData("/accounts/ACC-001/statement?from=0001-01-01")]
    [InlineData("/accounts/ACC-001/ledger?to=9999-01-01")]
    public async Task A_time_that_cannot_have_been_meant_is_refused(string address)
    {
        using var response = await _client.GetAsync(address, Cancel);

        Assert.Equal(400, (int)response.StatusCode);
        Assert.Equal(
            "invalid_time", (await response.ReadAsync()).GetProperty("errors")[0].GetProperty("code").GetString());
    }
}

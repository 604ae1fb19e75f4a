namespace Payments.Api.Validation;

/// <summary>One of the end-to-end checks, which run in order and build on each other.</summary>
internal interface ICheck
{
    /// <summary>Its line in the summary.</summary>
    string Name { get; }

    /// <summary>What it does, in the imperative.</summary>
    string Step { get; }

    /// <exception cref="HttpRequestException">The API cannot be reached.</exception>
    /// <exception cref="System.Text.Json.JsonException">It answers something else than JSON.</exception>
    /// <exception cref="Npgsql.NpgsqlException">The database refuses or cannot be reached.</exception>
    Task<Finding> RunAsync(TrialPayment payment, CancellationToken cancel);
}

using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Payments.Providers.Flows;

/// <summary>
/// Reads one of the API's lists of completed flows: all of it at first, then what was completed since. The list is in
/// the order of completion, so nothing completed later can be behind what was read.
/// </summary>
internal sealed class FlowReader<T>(string path, JsonTypeInfo<FlowList<T>> type)
    where T : IFlow
{
    private const int PageSize = 100;

    private Guid? _newest;

    /// <summary>The flows that were not read before. What is returned is remembered as read.</summary>
    public async Task<IReadOnlyList<T>> ReadNewAsync(HttpClient api, CancellationToken cancel)
    {
        var found = new List<T>();
        var newest = _newest;
        var cursor = newest is { } known ? $"&ending_before={known}" : "";
        while (true)
        {
            var page = await GetAsync(api, cursor, cancel);
            found.AddRange(page.Data);
            if (page.Data.Count > 0)
            {
                // Pages of newer flows come nearest first, each with its newest at the top.
                newest = _newest is null ? newest ?? page.Data[0].Id : page.Data[0].Id;
            }

            if (!page.HasMore || page.Data.Count == 0)
            {
                _newest = newest;
                return found;
            }

            cursor = _newest is null
                ? $"&starting_after={page.Data[^1].Id}"
                : $"&ending_before={page.Data[0].Id}";
        }
    }

    /// <summary>Reads all of it next time.</summary>
    public void Forget() => _newest = null;

    private async Task<FlowList<T>> GetAsync(HttpClient api, string cursor, CancellationToken cancel)
    {
        var address = FormattableString.Invariant($"{path}?status=completed&limit={PageSize}{cursor}");
        await using var body = await api.GetStreamAsync(new Uri(address, UriKind.Relative), cancel);
        return await JsonSerializer.DeserializeAsync(body, type, cancel)
            ?? throw new JsonException($"The list at {path} is null.");
    }
}

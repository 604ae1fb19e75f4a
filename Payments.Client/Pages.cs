using System.Runtime.CompilerServices;

namespace Payments.Client;

/// <summary>What a list is made of: an item's cursor is the place after or before which a page begins.</summary>
public interface IListItem
{
    string Cursor { get; }
}

/// <summary>Lists from their first page to their last.</summary>
public static class Pages
{
    /// <summary>The most items that the API gives in a page.</summary>
    public const int LargestPage = 100;

    /// <summary>
    /// All items of a list, newest first, a page at a time and none before it is needed. What is added meanwhile is
    /// newer than the first page and does not appear:
    /// <c>Pages.AllAsync((page, cancel) => api.ListPaymentsAsync("ACC-001", null, page, 100, cancel))</c>.
    /// </summary>
    /// <exception cref="ProblemException">A page was refused, or had no answer.</exception>
    public static async IAsyncEnumerable<T> AllAsync<T>(
        Func<Cursor, CancellationToken, Task<Answer<ListOf<T>>>> readPage,
        [EnumeratorCancellation] CancellationToken cancel = default)
        where T : IListItem
    {
        var cursor = new Cursor();
        while (true)
        {
            var page = (await readPage(cursor, cancel)).ValueOrThrow();
            foreach (var item in page.Data)
            {
                yield return item;
            }

            if (!page.HasMore || page.Data.Count == 0)
            {
                yield break;
            }

            cursor = new Cursor(After: page.Data[^1].Cursor);
        }
    }
}

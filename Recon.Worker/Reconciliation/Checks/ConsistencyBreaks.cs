using Payments.Ledger.Reconciliation;

namespace Recon.Worker.Reconciliation.Checks;

/// <summary>
/// Collects what is wrong with the ledger, and sees to it that one error is one break: what a wrong entry does to its
/// transaction's sum, to the running balance and to what follows is known before it is reported.
/// </summary>
internal sealed class ConsistencyBreaks
{
    private const int MostExpectations = 10 * CheckResult.MostBreaks;

    private readonly BreakList _list = new();
    private readonly Dictionary<(long Account, long Position), Expectation> _expected = [];
    private readonly Dictionary<(Guid Transaction, string Currency), Break> _unbalanced = [];

    public BreakList List => _list;

    /// <summary>Every break of this check is critical.</summary>
    public void Add(string kind, string id, string description, Func<Break, Break>? with = null) =>
        _list.Add(Make(kind, id, description, with));

    /// <summary>What an entry's amount should be: 0 of one that should not be there.</summary>
    public void Expect(long account, long position, decimal amount)
    {
        // Beyond what is reported breaks are only counted, and memory stays bounded.
        if (_expected.Count < MostExpectations)
        {
            _expected.TryAdd((account, position), new Expectation(amount, Suspicion: null));
        }
    }

    /// <summary>
    /// A transaction does not sum to zero, and nothing says which of its entries is wrong. The running balance of one
    /// may: that one is reported then, and otherwise the transaction.
    /// </summary>
    public void Suspect(
        Guid transaction, string currency, IEnumerable<ListedEntry> entries, decimal total, string description)
    {
        var found = Make("unbalanced_transaction", $"{transaction}/{currency}", description, one => one with
        {
            TransactionId = transaction,
            Currency = currency,
            Expected = 0,
            Actual = total,
        });
        if (_unbalanced.Count + _list.Breaks.Count >= CheckResult.MostBreaks)
        {
            _list.Add(found);
            return;
        }

        _unbalanced.TryAdd((transaction, currency), found);
        foreach (var entry in entries)
        {
            _expected.TryAdd(
                (entry.AccountId, entry.Position),
                new Expectation(entry.Amount!.Value - total, (transaction, currency)));
        }
    }

    public Expectation? ExpectationOf(long account, long position) =>
        _expected.TryGetValue((account, position), out var expectation) ? expectation : null;

    /// <summary>The entry is the one that is wrong; its transaction needs no break of its own any more.</summary>
    public void Explain((Guid Transaction, string Currency) suspicion) => _unbalanced.Remove(suspicion);

    /// <summary>Reports what remained unexplained.</summary>
    public void Finish()
    {
        foreach (var found in _unbalanced.Values)
        {
            _list.Add(found);
        }

        _unbalanced.Clear();
    }

    private static Break Make(string kind, string id, string description, Func<Break, Break>? with)
    {
        var found = new Break(kind, $"{kind}/{id}", description, Severity.Critical);
        return with is null ? found : with(found);
    }
}

/// <summary>What an entry's amount should be.</summary>
/// <param name="Suspicion">
/// Set when it should be that only if this entry is the one that puts its transaction off.
/// </param>
internal readonly record struct Expectation(decimal Amount, (Guid Transaction, string Currency)? Suspicion);

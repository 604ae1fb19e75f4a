namespace Recon.Worker.Reconciliation.Checks;

/// <summary>
/// What is wrong with entries, told from those that stand out along their account. They come in order: a wrong running
/// balance is then told from the right ones that follow it, and a gap from an entry that a transaction lists.
/// </summary>
internal sealed class EntryFindings(ConsistencyBreaks breaks)
{
    // Entries that are missing one after the other are named one by one; more than these are one break.
    private const int LongestNamed = 100;

    private long _account;
    private long _position;
    private decimal _offset;

    public void Add(SuspectEntry entry)
    {
        if (entry.AccountId != _account)
        {
            (_account, _position, _offset) = (entry.AccountId, 0, 0);
        }

        // Windows may overlap; what was judged is not judged again from another beginning.
        if (entry.Position <= _position)
        {
            return;
        }

        _position = entry.Position;

        JudgePlace(entry);
        var isReplayable = JudgeGap(entry, out var between);
        if (isReplayable)
        {
            JudgeBalance(entry, entry.PreviousBalance + between);
        }

        if (entry.GoesBack)
        {
            breaks.Add(
                "time_disorder",
                EntryPlace.Id(entry.AccountId, entry.Position),
                $"{Named(entry)} is older than the entry before it.",
                entry.Fill);
        }
    }

    // An entry that is in the wrong place should not be there, so the balance should not have moved.
    private void JudgePlace(SuspectEntry entry)
    {
        var id = EntryPlace.Id(entry.AccountId, entry.Position);
        var amount = $"{Named(entry)} ({Amounts.Signed(entry.Amount, entry.Currency)})";
        var (kind, why) = entry switch
        {
            { AccountName: null } => ("orphan_entry", "is of an account that does not exist."),
            { HasTransaction: false } =>
                ("orphan_entry", $"belongs to transaction {entry.TransactionId}, which does not exist."),
            _ when entry.ListedPosition == entry.Position => (null, null),
            { HasProperEntry: true } =>
                ("duplicated_entry", $"repeats entry {entry.ListedPosition} of transaction {entry.TransactionId}."),
            _ => ("orphan_entry", $"belongs to transaction {entry.TransactionId}, which does not list it."),
        };
        if (kind is not null)
        {
            breaks.Expect(entry.AccountId, entry.Position, 0);
            breaks.Add(
                kind, id, $"{amount} {why}", one => entry.Fill(one) with { Expected = 0, Actual = entry.Amount });
        }
        else if (entry.AccountCurrency != entry.Currency)
        {
            breaks.Add(
                "currency_mismatch",
                id,
                $"{amount} is not in its account's currency, {entry.AccountCurrency}.",
                entry.Fill);
        }
    }

    /// <param name="between">What the entries that are missing before this one would have added.</param>
    /// <returns>Whether that is known, so that the balance can be replayed across the gap.</returns>
    private bool JudgeGap(SuspectEntry entry, out decimal between)
    {
        between = 0;
        var from = entry.PreviousPosition + 1;
        if (entry.Position - from > LongestNamed)
        {
            breaks.Add(
                "position_gap",
                EntryPlace.Id(entry.AccountId, from),
                $"{entry.Account} has no entries {from} to {entry.Position - 1}.",
                one => entry.Fill(one) with { TransactionId = null, Position = from });
            return false;
        }

        var isKnown = true;
        for (var position = from; position < entry.Position; position++)
        {
            if (breaks.ExpectationOf(entry.AccountId, position) is { } missing)
            {
                between += missing.Amount;
                continue;
            }

            isKnown = false;
            var at = position;
            breaks.Add(
                "missing_entry",
                EntryPlace.Id(entry.AccountId, position),
                $"{entry.Account} has no entry {position}, but has entry {entry.Position}.",
                one => entry.Fill(one) with { TransactionId = null, Position = at });
        }

        return isKnown;
    }

    // The offset is how far the running balance is from the replayed one. A wrong amount moves it for good, a wrong
    // balance for one entry: the next one that brings it back to nothing is right.
    private void JudgeBalance(SuspectEntry entry, decimal before)
    {
        var step = entry.BalanceAfter - before;
        if (step == entry.Amount)
        {
            return;
        }

        if (breaks.ExpectationOf(entry.AccountId, entry.Position) is { } expected && step == expected.Amount)
        {
            if (expected.Suspicion is { } suspicion)
            {
                breaks.Explain(suspicion);
                AddWrongAmount(entry, expected.Amount);
            }

            return;
        }

        _offset += step - entry.Amount;
        if (_offset == 0)
        {
            return;
        }

        var should = entry.BalanceAfter - _offset;
        breaks.Add(
            "running_balance_mismatch",
            EntryPlace.Id(entry.AccountId, entry.Position),
            $"{Named(entry)} says that {Amounts.Text(entry.BalanceAfter, entry.Currency)} is left after it; "
            + $"by the entries up to it that should be {Amounts.Text(should, entry.Currency)}.",
            one => entry.Fill(one) with { Expected = should, Actual = entry.BalanceAfter });
    }

    private void AddWrongAmount(SuspectEntry entry, decimal should) => breaks.Add(
        "amount_mismatch",
        EntryPlace.Id(entry.AccountId, entry.Position),
        $"{Named(entry)} is {Amounts.Signed(entry.Amount, entry.Currency)}; by its running balance and the other "
        + $"entries of transaction {entry.TransactionId} it should be {Amounts.Signed(should, entry.Currency)}.",
        one => entry.Fill(one) with { Expected = should, Actual = entry.Amount });

    private static string Named(SuspectEntry entry) =>
        TransactionFindings.Sentence(EntryPlace.Text(entry.AccountName, entry.AccountId, entry.Position));
}

/// <summary>An entry that stands out, with the one before it and its transaction; columns in this order.</summary>
/// <param name="ListedPosition">The position that its transaction lists for its account; null: none.</param>
/// <param name="HasProperEntry">Whether the transaction's entry stands at that position.</param>
internal sealed record SuspectEntry(
    long AccountId,
    long Position,
    long Amount,
    long BalanceAfter,
    Guid TransactionId,
    string Currency,
    long PreviousPosition,
    long PreviousBalance,
    bool GoesBack,
    string? AccountName,
    string? AccountCurrency,
    bool HasTransaction,
    long? ListedPosition,
    bool HasProperEntry)
{
    public string Account => AccountName ?? FormattableString.Invariant($"Account {AccountId}");

    public Break Fill(Break found) => found with
    {
        AccountId = AccountId,
        AccountName = AccountName,
        Position = Position,
        TransactionId = TransactionId,
        Currency = Currency,
    };
}

namespace Recon.Worker.Reconciliation.Checks;

/// <summary>What is wrong with a transaction, and with what it should settle.</summary>
internal static class TransactionFindings
{
    /// <param name="entries">All rows of one transaction, or the one row of what was settled without.</param>
    public static void Add(IReadOnlyList<ListedEntry> entries, ConsistencyBreaks breaks)
    {
        var first = entries[0];
        if (first.Kind is null)
        {
            AddMissing(first, breaks);
            return;
        }

        var owner = JudgeOwner(first, entries, breaks);
        foreach (var currency in entries.GroupBy(entry => entry.AccountCurrency, StringComparer.Ordinal))
        {
            if (currency.Key is not null)
            {
                AddAmounts(currency.Key, [.. currency], owner, breaks);
            }
        }

        // What the account is cannot be told, so its currency cannot either.
        foreach (var lost in entries.Where(entry => entry.AccountCurrency is null && entry.Amount is null))
        {
            AddMissingEntry(lost, null, breaks);
        }
    }

    private static void AddMissing(ListedEntry settled, ConsistencyBreaks breaks)
    {
        if (settled is not { IsSettled: true, SettledAmount: { } amount, SettledCurrency: { } currency })
        {
            return;
        }

        breaks.Add(
            "missing_transaction",
            settled.Id.ToString(),
            $"{Named(settled)} of {Amounts.Text(amount, currency)} is {settled.Status}, but was never posted.",
            one => one with
            {
                PaymentId = settled.PaymentId,
                Currency = currency,
                Expected = amount,
                Actual = 0,
            });
    }

    /// <returns>Whether the amounts of the entries are to be those of the payment or refund.</returns>
    private static bool JudgeOwner(
        ListedEntry first, IReadOnlyList<ListedEntry> entries, ConsistencyBreaks breaks)
    {
        var moved = entries.Sum(entry => entry.Amount is > 0 and { } amount ? amount : 0m);
        var currency = entries.Select(entry => entry.AccountCurrency).FirstOrDefault(code => code is not null);
        var moves = currency is null ? "" : $" of {Amounts.Text(moved, currency)}";
        Break With(Break one) => one with
        {
            TransactionId = first.Id,
            PaymentId = first.PaymentId,
            Currency = currency,
            Actual = moved,
            Expected = 0,
        };

        if (first.SettledKind is null)
        {
            if (first.Kind is "payment" or "transfer" or "refund")
            {
                breaks.Add(
                    "transaction_without_payment",
                    first.Id.ToString(),
                    $"Transaction {first.Id}{moves} is of kind {first.Kind}, but no {first.Kind} has its id.",
                    With);
            }
            else if (first.IsDecided is false)
            {
                breaks.Add(
                    "transaction_without_decision",
                    first.Id.ToString(),
                    $"Transaction {first.Id}{moves} is of kind {first.Kind}, but nobody decided on it, and no "
                    + "withdrawal ends with it.",
                    With);
            }

            return false;
        }

        if (first.SettledKind != first.Kind)
        {
            breaks.Add(
                "wrong_kind",
                first.Id.ToString(),
                $"Transaction {first.Id}{moves} is of kind {first.Kind}, but {first.Id} is a {first.SettledKind}.",
                one => With(one) with { Expected = first.SettledAmount });
            return false;
        }

        if (first.IsSettled is not true)
        {
            breaks.Add(
                "posted_but_not_settled",
                first.Id.ToString(),
                $"{Named(first)} is {first.Status}, but a transaction{moves} was posted for it.",
                With);
        }

        return JudgeAccounts(first, entries, currency, moved, breaks);
    }

    private static bool JudgeAccounts(
        ListedEntry first, IReadOnlyList<ListedEntry> entries, string? currency, decimal moved,
        ConsistencyBreaks breaks)
    {
        if (entries.Count == 2 && entries.All(entry => entry.AmountBySettled is not null)
            && entries.Sum(entry => entry.AmountBySettled) == 0)
        {
            return true;
        }

        breaks.Add(
            "wrong_accounts",
            first.Id.ToString(),
            $"{Named(first)} moves {Amounts.Text(first.SettledAmount ?? 0, first.SettledCurrency ?? "")} from "
            + $"{first.Debited} to {first.Credited}, but was posted to "
            + string.Join(" and ", entries.Select(entry => entry.AccountName ?? "an unknown account"))
            + $" in {currency}.",
            one => one with
            {
                TransactionId = first.Id,
                PaymentId = first.PaymentId,
                Currency = first.SettledCurrency,
                Expected = first.SettledAmount,
                Actual = moved,
            });
        return false;
    }

    // One entry is wrong, or all of them agree on another amount, or it cannot be told.
    private static void AddAmounts(
        string currency, List<ListedEntry> entries, bool isByOwner, ConsistencyBreaks breaks)
    {
        var there = entries.FindAll(entry => entry.Amount is not null);
        var total = there.Sum(entry => (decimal)entry.Amount!.Value);
        var missing = entries.FindAll(entry => entry.Amount is null);
        foreach (var entry in missing)
        {
            var should = isByOwner ? entry.AmountBySettled : missing.Count == 1 ? -total : null;
            AddMissingEntry(entry, should, breaks);
        }

        var different = isByOwner ? there.FindAll(entry => entry.AmountBySettled != entry.Amount) : [];
        if (different.Count > 0 && total == 0 && missing.Count == 0)
        {
            AddOtherAmount(currency, different, breaks);
        }
        else if (different.Count > 0)
        {
            different.ForEach(entry => AddWrongAmount(entry, entry.AmountBySettled!.Value, breaks));
        }
        else if (total != 0 && missing.Count == 0)
        {
            breaks.Suspect(
                there[0].Id,
                currency,
                there,
                total,
                $"The entries of transaction {there[0].Id} ({there[0].Kind}) sum to {Amounts.Signed(total, currency)} "
                + "instead of zero.");
        }
    }

    private static void AddMissingEntry(ListedEntry entry, decimal? should, ConsistencyBreaks breaks)
    {
        if (should is { } amount)
        {
            breaks.Expect(entry.AccountId, entry.Position, amount);
        }

        var of = should is { } known && entry.AccountCurrency is { } code ? $" of {Amounts.Signed(known, code)}" : "";
        breaks.Add(
            "missing_entry",
            EntryPlace.Id(entry.AccountId, entry.Position),
            $"Transaction {entry.Id} ({entry.Kind}) lists {entry.Place}{of}, which does not exist.",
            one => one with
            {
                TransactionId = entry.Id,
                PaymentId = entry.PaymentId,
                Currency = entry.AccountCurrency,
                AccountId = entry.AccountId,
                AccountName = entry.AccountName,
                Position = entry.Position,
                Expected = should,
                Actual = should is null ? null : 0,
            });
    }

    private static void AddOtherAmount(string currency, List<ListedEntry> entries, ConsistencyBreaks breaks)
    {
        var first = entries[0];
        entries.ForEach(entry => breaks.Expect(entry.AccountId, entry.Position, entry.AmountBySettled!.Value));
        var posted = entries.Max(entry => (decimal)entry.Amount!.Value);
        breaks.Add(
            "amount_mismatch",
            first.Id.ToString(),
            $"{Named(first)} is of {Amounts.Text(first.SettledAmount!.Value, currency)}, but "
            + $"{Amounts.Text(posted, currency)} was posted for it.",
            one => one with
            {
                TransactionId = first.Id,
                PaymentId = first.PaymentId,
                Currency = currency,
                Expected = first.SettledAmount,
                Actual = posted,
            });
    }

    /// <summary>An entry whose amount is wrong, while what it should be is known.</summary>
    private static void AddWrongAmount(ListedEntry entry, decimal should, ConsistencyBreaks breaks)
    {
        breaks.Expect(entry.AccountId, entry.Position, should);
        var currency = entry.AccountCurrency!;
        breaks.Add(
            "amount_mismatch",
            EntryPlace.Id(entry.AccountId, entry.Position),
            $"{Sentence(entry.Place)} is {Amounts.Signed(entry.Amount!.Value, currency)}, but by its {entry.Kind} "
            + $"{entry.Id} it should be {Amounts.Signed(should, currency)}.",
            one => one with
            {
                TransactionId = entry.Id,
                PaymentId = entry.PaymentId,
                Currency = currency,
                AccountId = entry.AccountId,
                AccountName = entry.AccountName,
                Position = entry.Position,
                Expected = should,
                Actual = entry.Amount,
            });
    }

    private static string Named(ListedEntry entry) => Sentence(entry.SettledKind!) + " " + entry.Id;

    public static string Sentence(string text) => char.ToUpperInvariant(text[0]) + text[1..];
}

namespace Recon.Worker.Reconciliation.Checks;

/// <summary>What is wrong between a flow and the ledger.</summary>
internal static class FlowBreaks
{
    public static Break? Judge(string noun, FlowPosting posting)
    {
        var expected = Math.Abs(posting.Expected);
        var named = $"{TransactionFindings.Sentence(noun)} {posting.FlowId}";
        var of = Amounts.Text(expected, posting.Currency);
        if (posting.PostedKind is null)
        {
            // Its remainder may have been posted as an adjustment in the meantime; then nothing is missing.
            return !posting.IsDue || posting.Actual == posting.Expected ? null : Make(
                posting, "missing_" + posting.Part, $"{named} is {posting.Status}, but the {posting.Part} of {of} was "
                + $"never posted to {posting.Account}.", expected) with { Expected = posting.Expected, Actual = 0 };
        }

        if (!posting.IsDue)
        {
            return Make(
                posting, "unexpected_" + posting.Part, $"{named} is {posting.Status}, but a {posting.Part} of "
                + $"{Amounts.Text(Math.Abs(posting.Actual), posting.Currency)} was posted for it.", expected)
                with { Expected = 0, Actual = posting.Actual };
        }

        if (posting.PostedKind != posting.Kind || posting.IsElsewhere)
        {
            return Make(
                posting, "misposted_" + posting.Part, posting.IsElsewhere
                    ? $"The {posting.Part} of {of} of {noun} {posting.FlowId} was posted between other accounts."
                    : $"The {posting.Part} of {of} of {noun} {posting.FlowId} was posted as a {posting.PostedKind}.",
                expected) with { Expected = posting.Expected, Actual = posting.Actual };
        }

        var difference = posting.Actual - posting.Expected;
        return difference == 0 ? null : Make(
            posting, posting.Part + "_amount_mismatch", $"The {posting.Part} of {noun} {posting.FlowId} is of {of}, but "
            + $"{Amounts.Text(Math.Abs(posting.Actual), posting.Currency)} was posted to {posting.Account}: "
            + $"{Amounts.Signed(difference, posting.Currency)}.", difference)
            with { Expected = posting.Expected, Actual = posting.Actual };
    }

    public static Break Flowless(string noun, FlowlessPosting posting) => new(
        "no_" + noun, $"no_{noun}/{posting.TransactionId}/{posting.Currency}",
        $"Transaction {posting.TransactionId} ({posting.Kind}) of {Amounts.Text(posting.Actual, posting.Currency)} belongs "
        + $"to no {noun}.",
        Amounts.SeverityOf(posting.Actual, posting.Currency))
    {
        TransactionId = posting.TransactionId,
        Currency = posting.Currency,
        Expected = 0,
        Actual = posting.Actual,
    };

    private static Break Make(FlowPosting posting, string kind, string description, decimal concerned) => new(
        kind, $"{kind}/{posting.FlowId}/{posting.Currency}", description, Amounts.SeverityOf(concerned, posting.Currency))
    {
        FlowId = posting.FlowId,
        TransactionId = posting.TransactionId,
        Currency = posting.Currency,
        AccountId = posting.AccountId,
        AccountName = posting.Account,
    };
}

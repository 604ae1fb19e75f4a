namespace Recon.Worker.Reconciliation.Checks;

/// <summary>What is wrong between a flow and the ledger.</summary>
internal static class FlowBreaks
{
    public static Break? Judge(string noun, FlowPosting posting)
    {
        var expected = Math.Abs(posting.Expected);
        var named = $"{TransactionFindings.Sentence(noun)} {posting.FlowId}";
        var amount = Amounts.Text(expected, posting.Currency);
        var part = posting.Part == noun
            ? $"{named} of {amount}"
            : $"The {posting.Part} of {amount} of {noun} {posting.FlowId}";
        var posted = Amounts.Text(Math.Abs(posting.Actual), posting.Currency);
        var difference = posting.Actual - posting.Expected;
        return posting switch
        {
            { IsDue: false, PostedKind: null } => null,
            { IsDue: false } => Make(
                posting, "unexpected_" + posting.Part, expected,
                $"{named} is {posting.Status}, but a {posting.Part} of {posted} was posted for it."),

            // Its adjustment may have been posted in place of it; then nothing is missing.
            { PostedKind: null } => difference == 0 ? null : Make(
                posting, "missing_" + posting.Part, expected,
                $"{part} was never posted to {posting.Account}; the {noun} is {posting.Status}."),
            { IsElsewhere: true } => Make(
                posting, "misposted_" + posting.Part, expected, $"{part} was posted to other accounts."),
            _ when posting.PostedKind != posting.Kind => Make(
                posting, "misposted_" + posting.Part, expected,
                $"{part} was posted as a {posting.PostedKind} instead of a {posting.Kind}."),
            _ when difference != 0 => Make(
                posting, posting.Part + "_amount_mismatch", difference,
                $"{part} was posted to {posting.Account} with {posted}: "
                + $"{Amounts.Signed(difference, posting.Currency)}.",
                "/" + posting.Currency),
            _ => null,
        };
    }

    public static Break Flowless(string noun, FlowlessPosting posting) => new(
        "no_" + noun, $"no_{noun}/{posting.TransactionId}/{posting.Currency}",
        $"Transaction {posting.TransactionId} ({posting.Kind}) of {Amounts.Text(posting.Actual, posting.Currency)} "
        + $"belongs to no {noun}.",
        Amounts.SeverityOf(posting.Actual, posting.Currency))
    {
        TransactionId = posting.TransactionId,
        Currency = posting.Currency,
        Expected = 0,
        Actual = posting.Actual,
    };

    // A conversion that was not posted is one break, although it has two amounts.
    private static Break Make(
        FlowPosting posting, string kind, decimal concerned, string description, string of = "")
    {
        var severity = Amounts.SeverityOf(concerned, posting.Currency);
        return new Break(kind, $"{kind}/{posting.FlowId}{of}", description, severity)
        {
            FlowId = posting.FlowId,
            TransactionId = posting.TransactionId,
            Currency = posting.Currency,
            AccountId = posting.AccountId,
            AccountName = posting.Account,
            Expected = posting.IsDue ? posting.Expected : 0,
            Actual = posting.Actual,
        };
    }
}

using Npgsql;
using Payments.Ledger.Webhooks;

namespace Recon.Worker.Reconciliation;

/// <summary>
/// Tells of high and critical exceptions that opened, reopened, got worse or are over by themselves, within the
/// transaction that records it. A look that finds thousands raises some alerts and one that counts the rest: the list
/// of exceptions has them all, and whoever is called out needs no thousand calls.
/// </summary>
internal static class RaiseAlerts
{
    /// <summary>Alerts that one look raises of breaks, and again of those that are over.</summary>
    public const int Most = 50;

    /// <returns>The severities that an alert was written of, those that are over left out.</returns>
    public static async Task<IReadOnlyList<string>> ExecuteAsync(
        NpgsqlConnection connection, SightingContext context, IReadOnlyList<Sighting> sighted,
        IReadOnlyList<KnownException> gone, CancellationToken cancel)
    {
        var worst = (
            from one in sighted
            where ExceptionAlert.IsRaisedFor(one.Break.Severity) && TypeOf(one) is not null
            orderby one.Break.Severity == Payments.Ledger.Reconciliation.Severity.Critical descending
            select new News(
                TypeOf(one)!, one.Known.Id, one.Break.Severity, one.Break.Description, one.Break.Expected,
                one.Break.Actual, one.Break.Currency)).ToList();
        var over = (
            from one in gone
            where one.IsUnresolved && ExceptionAlert.IsRaisedFor(one.Severity)
            select new News(
                WebhookEventType.ExceptionResolved, one.Id, one.Severity, "The break is gone: " + one.Description,
                one.Expected, one.Actual, one.Currency)).ToList();
        var (raised, closed) = (Bounded(worst), Bounded(over));
        await WebhookOutbox.AddAsync(
            connection, [.. raised.Concat(closed).Select(one => one.ToEvent(context))], cancel);
        return [.. raised.Select(one => one.Severity)];
    }

    private static string? TypeOf(Sighting one) => one switch
    {
        { IsNew: true } => WebhookEventType.ExceptionOpened,
        { Effect: SightingEffect.Reopens } => WebhookEventType.ExceptionReopened,
        { Effect: SightingEffect.Escalates } => WebhookEventType.ExceptionEscalated,
        _ => null,
    };

    private static List<News> Bounded(List<News> news)
    {
        var told = news.Take(Most).ToList();
        if (news.Count > Most)
        {
            told.Add(news[Most] with
            {
                Description = FormattableString.Invariant(
                    $"{news.Count - Most} more of the same look are not told of one by one; the first of them: ")
                    + news[Most].Description,
            });
        }

        return told;
    }

    private sealed record News(
        string Type, Guid ExceptionId, string Severity, string Description, decimal? Expected, decimal? Actual,
        string? Currency)
    {
        public WebhookEvent ToEvent(SightingContext context) => ExceptionAlert.Of(
            ExceptionId, Severity, context.CheckType, Description, Expected, Actual, Currency, context.RunId,
            context.SeenAt).ToEvent(Type);
    }
}

using Payments.Api.Describing;
using Payments.Api.Keys;
using Payments.Api.Paging;
using Payments.Ledger.Providers;

namespace Payments.Api.Providers;

internal static class ProviderEndpoints
{
    private const string Path = "/api/admin/reconciliation/providers";

    public static void AddProviderBalances(this IServiceCollection services)
    {
        services.AddProviderPolicy();
        services.AddSingleton<ListProviderBalances>();
    }

    private static readonly ProviderBalanceAnswer Example = new(
        "circle", "USDC", 9_990.000000m, Examples.At(0), Examples.At(2), AgeSeconds: 12.5, 10_000.000000m, -10.000000m,
        Tolerance: 10.000000m, "agrees", Reason: null, InconclusiveSince: null);

    public static void MapProviderBalances(this IEndpointRouteBuilder routes) =>
        routes.MapGet(Path, ListAsync)
            .RequireAuthorization(Scopes.ReconciliationAdmin)
            .WithTags("Reconciliation")
            .WithName("ListProviderBalances")
            .WithSummary("What each external provider said last that it holds, beside what the books say")
            .Answers(Examples.ListOf(Path, Example));

    private static async Task<IResult> ListAsync(ListProviderBalances balances, CancellationToken cancel) =>
        JsonAnswer.Of(
            new ListAnswer<ProviderBalanceAnswer>("list", await balances.ExecuteAsync(cancel), HasMore: false, Path),
            ApiJson.Default.ListAnswerProviderBalanceAnswer);
}

/// <summary>A provider's balance beside the ledger's, in units of the currency.</summary>
/// <param name="ProviderBalance">What the provider said last; null when it never said anything.</param>
/// <param name="AsOf">The moment of which that is.</param>
/// <param name="FetchedAt">When it was read.</param>
/// <param name="AgeSeconds">How long ago it was true.</param>
/// <param name="LedgerBalance">
/// What the books say that the provider held at that moment, with the sign in which both should be equal: of all
/// balances from then until it was read, the nearest. Where that cannot be told, what they say now.
/// </param>
/// <param name="Difference">The provider's balance less the ledger's.</param>
/// <param name="Tolerance">By how much they may differ and still agree.</param>
/// <param name="Status">
/// <c>agrees</c>; <c>differs</c>; <c>stale</c>: the data are too old to say; <c>unavailable</c>: the last try to read
/// it failed; <c>not_configured</c>; <c>unknown</c>: nobody has tried yet, or the books miss entries by which it would
/// be told.
/// </param>
/// <param name="Reason">Why it is stale, unavailable or unknown.</param>
/// <param name="InconclusiveSince">Since when no try has brought a current balance; null when the last did.</param>
internal sealed record ProviderBalanceAnswer(
    string Provider,
    string Currency,
    decimal? ProviderBalance,
    DateTimeOffset? AsOf,
    DateTimeOffset? FetchedAt,
    double? AgeSeconds,
    decimal LedgerBalance,
    decimal? Difference,
    decimal Tolerance,
    string Status,
    string? Reason,
    DateTimeOffset? InconclusiveSince);

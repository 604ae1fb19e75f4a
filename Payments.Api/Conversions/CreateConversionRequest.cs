using System.Globalization;
using Payments.Api.Flows;
using Payments.Ledger;

namespace Payments.Api.Conversions;

/// <summary>
/// A request to convert USDC into USD whose every value has been accepted. Both amounts are stored as they are posted:
/// nothing is ever rounded.
/// </summary>
internal sealed record CreateConversionRequest(
    string AccountId, Money Usdc, Money Usd, string? Reference, string? Description)
{
    private static readonly BodyShape<FlowMembers> Shape = FlowParser.ShapeOf(
        "a conversion", ["accountId", "usdcAmount", "usdAmount", "reference", "description"],
        ["accountId", "usdcAmount"]);

    public static Problem? Parse(ReadOnlySpan<byte> json, out CreateConversionRequest? request)
    {
        request = null;
        var members = default(FlowMembers);
        return Shape.Read(json, ref members) ?? Check(members, out request);
    }

    /// <summary>Looks at the values of a request whose shape is right. All faults are collected.</summary>
    public static Problem? Check(in FlowMembers members, out CreateConversionRequest? request)
    {
        var errors = FlowValues.CheckCommon(members);
        var usdc = FlowValues.CheckAmount(members.Amount, FlowValues.Usdc, "#/usdcAmount", errors);
        var usd = members.UsdAmount is { } given
            ? FlowValues.CheckAmount(given, Currency.Usd, "#/usdAmount", errors)
            : OneToOne(members.Amount, usdc, errors);
        request = errors.Count == 0
            ? new(members.AccountId!, usdc, usd, members.Reference, members.Description)
            : null;
        return FlowValues.Refuse(errors, "conversion");
    }

    // One USDC is one USD where no other amount is given, which USD can hold to the cent only.
    private static Money OneToOne(GivenAmount amount, Money usdc, List<ProblemError> errors)
    {
        if (usdc.Minor == 0)
        {
            return default;
        }

        if (Money.TryFromDecimal(amount.Value, Currency.Usd, out var usd) != MoneyError.None)
        {
            errors.Add(ProblemError.At(
                "#/usdcAmount", "not_exactly_convertible",
                "must have at most " + Currency.Usd.Exponent.ToString(CultureInfo.InvariantCulture)
                + " decimals where usdAmount is not given"));
        }

        return usd;
    }
}

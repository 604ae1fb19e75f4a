using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;

namespace Payments.Ledger;

/// <summary>
/// A currency and how many decimals its smallest unit has: the active codes of ISO 4217 (list one), and USDC.
/// </summary>
public sealed record Currency
{
    private Currency(string code, int exponent)
    {
        Code = code;
        Exponent = exponent;
        MinorPerMajor = 1;
        for (var i = 0; i < exponent; i++)
        {
            MinorPerMajor *= 10;
        }
    }

    private const string WithTwoDecimals =
        "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC " +
        "CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR " +
        "JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD " +
        "NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN " +
        "SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG";

    private const string WithoutDecimals = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF";

    private const string WithThreeDecimals = "BHD IQD JOD KWD LYD OMR TND";

    private static readonly FrozenDictionary<string, Currency> ByCode =
        Codes(WithTwoDecimals, 2)
            .Concat(Codes(WithoutDecimals, 0))
            .Concat(Codes(WithThreeDecimals, 3))
            .Append(new Currency("USDC", 6))
            .ToFrozenDictionary(currency => currency.Code, StringComparer.Ordinal);

    public static Currency Usd { get; } = ByCode["USD"];

    /// <summary>The code in capitals, as stored and sent.</summary>
    public string Code { get; }

    /// <summary>Decimals of the smallest unit: JPY 0, USD 2, KWD 3, USDC 6.</summary>
    public int Exponent { get; }

    /// <summary>10 to the power of <see cref="Exponent"/>.</summary>
    public long MinorPerMajor { get; }

    /// <summary>
    /// An amount of minor units in units of the currency, with the currency's decimals, and more where it has a
    /// fraction of the smallest unit: totals of outside, or of wrong rows, may.
    /// </summary>
    public decimal ToUnits(decimal minor) =>
        // A decimal remembers its scale; adding a zero of the wanted scale fixes the decimals that are written.
        (minor / MinorPerMajor) + new decimal(0, 0, 0, isNegative: false, (byte)Exponent);

    /// <summary>
    /// The same by the code in a row, which may be no currency: that is a break, and the number is shown as it is.
    /// </summary>
    public static decimal UnitsOf(string code, decimal minor) =>
        TryGet(code, out var currency) ? currency.ToUnits(minor) : minor;

    /// <summary>Every currency known, in no particular order.</summary>
    public static IEnumerable<Currency> All => ByCode.Values;

    /// <summary>Finds a currency by its code in capitals; <c>usd</c> is not a code.</summary>
    public static bool TryGet(string code, [NotNullWhen(true)] out Currency? currency) =>
        ByCode.TryGetValue(code, out currency);

    /// <exception cref="KeyNotFoundException">The code is not one that this system ever stores.</exception>
    public static Currency Get(string code) => ByCode[code];

    public override string ToString() => Code;

    private static IEnumerable<Currency> Codes(string codes, int exponent) =>
        codes.Split(' ').Select(code => new Currency(code, exponent));
}

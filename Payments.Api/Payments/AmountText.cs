using System.Runtime.InteropServices;

namespace Payments.Api.Payments;

/// <summary>What a text turned out to be when read as an amount.</summary>
internal enum AmountReading
{
    Number,
    NotANumber,
    TooLarge,
    TooManyDecimals,
}

/// <summary>
/// Reads the text of a JSON number as an exact decimal. <c>decimal</c>'s own parser rounds what has more digits than
/// it can hold, which would turn a refusal into another amount.
/// </summary>
internal static class AmountText
{
    // Beyond these no currency and no permitted amount goes, so the value need not be represented.
    private const int MostDigits = 28;
    private const int MostWholeDigits = 19;
    private const int MostDecimals = 18;
    private const int ExponentBound = 100_000;

    /// <param name="text">
    /// The grammar of a JSON number, exponents included: <c>1e2</c> is 100. Any length is read in linear time.
    /// </param>
    /// <param name="amount">The exact value when the reading is <see cref="AmountReading.Number"/>.</param>
    public static AmountReading Read(ReadOnlySpan<byte> text, out decimal amount)
    {
        amount = 0;
        var negative = text is [(byte)'-', ..];
        var rest = negative ? text[1..] : text;
        var digits = new Digits();

        var whole = CountDigits(rest);
        if (whole == 0 || (whole > 1 && rest[0] == '0'))
        {
            return AmountReading.NotANumber;
        }

        digits.Add(rest[..whole]);
        rest = rest[whole..];
        var decimals = 0;
        if (rest is [(byte)'.', ..])
        {
            decimals = CountDigits(rest[1..]);
            if (decimals == 0)
            {
                return AmountReading.NotANumber;
            }

            digits.Add(rest.Slice(1, decimals));
            rest = rest[(1 + decimals)..];
        }

        return TryReadExponent(rest, out var exponent)
            ? digits.ToDecimal(negative, decimals - exponent, out amount)
            : AmountReading.NotANumber;
    }

    private static bool TryReadExponent(ReadOnlySpan<byte> text, out int exponent)
    {
        exponent = 0;
        if (text.IsEmpty)
        {
            return true;
        }

        if (text[0] is not ((byte)'e' or (byte)'E'))
        {
            return false;
        }

        var negative = text is [_, (byte)'-', ..];
        var digits = text[(negative || text is [_, (byte)'+', ..] ? 2 : 1)..];
        foreach (var digit in digits)
        {
            if (!char.IsAsciiDigit((char)digit))
            {
                return false;
            }

            exponent = Math.Min((exponent * 10) + digit - '0', ExponentBound);
        }

        exponent = negative ? -exponent : exponent;
        return !digits.IsEmpty;
    }

    private static int CountDigits(ReadOnlySpan<byte> text)
    {
        var count = text.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        return count < 0 ? text.Length : count;
    }

    /// <summary>Significant digits without zeros at either end; zeros at the end only move the decimal point.</summary>
    [StructLayout(LayoutKind.Auto)]
    private struct Digits
    {
        private UInt128 _value;
        private int _count;
        private int _zeros;

        public void Add(ReadOnlySpan<byte> text)
        {
            foreach (var digit in text)
            {
                if (digit == '0')
                {
                    _zeros += _count > 0 ? 1 : 0;
                    continue;
                }

                for (; _zeros > 0; _zeros--)
                {
                    Append(0);
                }

                Append(digit - '0');
            }
        }

        public readonly AmountReading ToDecimal(bool negative, int decimals, out decimal amount)
        {
            amount = 0;
            if (_count == 0)
            {
                return AmountReading.Number;
            }

            var scale = decimals - _zeros;
            if (_count - scale > MostWholeDigits)
            {
                return AmountReading.TooLarge;
            }

            if (scale > MostDecimals || _count > MostDigits)
            {
                return AmountReading.TooManyDecimals;
            }

            var low = (ulong)_value;
            var high = (int)(ulong)(_value >> 64);
            amount = new decimal((int)low, (int)(low >> 32), high, negative, (byte)Math.Max(scale, 0));
            for (; scale < 0; scale++)
            {
                amount *= 10;
            }

            return AmountReading.Number;
        }

        private void Append(int digit)
        {
            _count++;
            if (_count <= MostDigits)
            {
                _value = (_value * 10) + (uint)digit;
            }
        }
    }
}

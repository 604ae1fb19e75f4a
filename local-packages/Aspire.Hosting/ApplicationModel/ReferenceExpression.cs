using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>A text with parts that are known only while the application runs.</summary>
public class ReferenceExpression : IExpressionValue
{
    private ReferenceExpression(
        string format,
        IReadOnlyList<IValueProvider> valueProviders,
        IReadOnlyList<string> names,
        IReadOnlyList<string?> stringFormats)
    {
        Format = format;
        ValueProviders = valueProviders;
        ManifestExpressions = names;
        StringFormats = stringFormats;
    }

    /// <summary>The text, with <c>{0}</c> for the first of <see cref="ValueProviders"/>.</summary>
    public string Format { get; }

    public IReadOnlyList<IValueProvider> ValueProviders { get; }

    public IReadOnlyList<string> ManifestExpressions { get; }

    /// <summary>For each of <see cref="ValueProviders"/> null, or <c>uri</c> for a value to be escaped.</summary>
    public IReadOnlyList<string?> StringFormats { get; }

    public string ValueExpression => string.Format(CultureInfo.InvariantCulture, Format, [.. ManifestExpressions]);

    public static ReferenceExpression Create(in ExpressionInterpolatedStringHandler handler) => handler.ToExpression();

    public async ValueTask<string?> GetValueAsync(CancellationToken cancellationToken)
    {
        var values = new object?[ValueProviders.Count];

        for (var i = 0; i < values.Length; i++)
        {
            values[i] = Formatted(await ValueProviders[i].GetValueAsync(cancellationToken), StringFormats[i]);
        }

        return string.Format(CultureInfo.InvariantCulture, Format, values);
    }

    private static string? Formatted(string? value, string? format) => format switch
    {
        null => value,
        "uri" => Uri.EscapeDataString(value ?? ""),
        _ => throw new NotSupportedException($"Values have the format 'uri' or none; '{format}' is neither."),
    };

    [InterpolatedStringHandler]
    public ref struct ExpressionInterpolatedStringHandler
    {
        private readonly StringBuilder _format;
        private readonly List<IValueProvider> _providers = [];
        private readonly List<string> _names = [];
        private readonly List<string?> _stringFormats = [];

        public ExpressionInterpolatedStringHandler(int literalLength, int formattedCount) =>
            _format = new(literalLength + (formattedCount * "{0}".Length));

        public readonly void AppendLiteral(string value) =>
            _format.Append(value
                .Replace("{", "{{", StringComparison.Ordinal)
                .Replace("}", "}}", StringComparison.Ordinal));

        public readonly void AppendFormatted(string? value, string? format = null) =>
            AppendLiteral(Formatted(value, format) ?? "");

        public readonly void AppendFormatted<T>(T valueProvider, string? format = null)
            where T : IValueProvider, IManifestExpressionProvider
        {
            _format.Append(CultureInfo.InvariantCulture, $"{{{_providers.Count}}}");
            _providers.Add(valueProvider);
            _names.Add(valueProvider.ValueExpression);
            _stringFormats.Add(format);
        }

        public readonly void AppendFormatted<T>(IResourceBuilder<T> valueProvider, string? format = null)
            where T : IResource, IValueProvider, IManifestExpressionProvider =>
            AppendFormatted(valueProvider.Resource, format);

        internal readonly ReferenceExpression ToExpression() =>
            new(_format.ToString(), _providers, _names, _stringFormats);
    }
}

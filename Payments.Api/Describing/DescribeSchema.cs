using System.ComponentModel.DataAnnotations;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Payments.Api.Describing;

/// <summary>
/// Makes the schemas of answers say what is really sent: every member always, unless it is one that is left out when it
/// is null; no other member; numbers as numbers; and of a word, which words there are.
/// </summary>
internal static class DescribeSchema
{
    public static Task ExecuteAsync(
        OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancel)
    {
        // The framework describes what it would read, which is numbers in quotes too.
        if (schema.Type is { } type
            && (type.HasFlag(JsonSchemaType.Number) || type.HasFlag(JsonSchemaType.Integer)))
        {
            schema.Type = type & ~JsonSchemaType.String;
            schema.Pattern = null;
            schema.Format = IsDecimal(context.JsonTypeInfo.Type) ? "decimal" : schema.Format;
        }

        if (context.JsonPropertyInfo?.AttributeProvider is { } member)
        {
            if (member.GetCustomAttributes(typeof(AllowedValuesAttribute), inherit: true)
                is [AllowedValuesAttribute words])
            {
                schema.Enum = [.. words.Values.Select(word => (JsonNode)(string)word!)];
            }
        }

        if (context.JsonTypeInfo.Kind == JsonTypeInfoKind.Object && schema.Properties is { Count: > 0 })
        {
            schema.AdditionalPropertiesAllowed = false;
            schema.Required = context.JsonTypeInfo.Properties
                .Where(property => schema.Properties.ContainsKey(property.Name) && !IsLeftOut(property))
                .Select(property => property.Name)
                .ToHashSet(StringComparer.Ordinal);
            foreach (var property in context.JsonTypeInfo.Properties.Where(IsLeftOut))
            {
                if (schema.Properties[property.Name] is OpenApiSchema { Type: { } known } leftOut)
                {
                    leftOut.Type = known & ~JsonSchemaType.Null;
                }
            }
        }

        return Task.CompletedTask;
    }

    private static bool IsLeftOut(JsonPropertyInfo property) =>
        property.AttributeProvider?.GetCustomAttributes(typeof(JsonIgnoreAttribute), inherit: true)
            is [JsonIgnoreAttribute { Condition: JsonIgnoreCondition.WhenWritingNull }];

    private static bool IsDecimal(Type type) => (Nullable.GetUnderlyingType(type) ?? type) == typeof(decimal);
}

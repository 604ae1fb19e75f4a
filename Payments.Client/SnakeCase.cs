using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Payments.Client;

/// <summary>
/// Of a type whose members are in snake_case and whose amounts are text, which is how reconciliation is answered.
/// </summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
internal sealed class SnakeCaseAttribute : Attribute
{
    private const JsonNumberHandling Text =
        JsonNumberHandling.WriteAsString | JsonNumberHandling.AllowReadingFromString;

    /// <summary>Names the members of the types that have it.</summary>
    public static void Apply(JsonTypeInfo type)
    {
        if (!type.Type.IsDefined(typeof(SnakeCaseAttribute), inherit: false))
        {
            return;
        }

        foreach (var member in type.Properties)
        {
            member.Name = JsonNamingPolicy.SnakeCaseLower.ConvertName(member.Name);
            if ((Nullable.GetUnderlyingType(member.PropertyType) ?? member.PropertyType) == typeof(decimal))
            {
                member.NumberHandling = Text;
            }
        }
    }
}

using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Lovage;

/// <summary>
/// Says data annotations in the words of JSON schema. Others are left out: the client checks them all.
/// </summary>
internal static class SchemaRules
{
    internal static void Add(JsonObject schema, ValidationAttribute rule)
    {
        switch (rule)
        {
            case RangeAttribute range:
                Limit(schema, range.MinimumIsExclusive ? "exclusiveMinimum" : "minimum", range.Minimum);
                Limit(schema, range.MaximumIsExclusive ? "exclusiveMaximum" : "maximum", range.Maximum);
                break;
            case StringLengthAttribute length:
                Length(schema, length.MinimumLength, length.MaximumLength);
                break;
            case LengthAttribute length:
                Length(schema, length.MinimumLength, length.MaximumLength);
                break;
            case MinLengthAttribute length:
                Length(schema, length.Length, null);
                break;
            case MaxLengthAttribute length:
                Length(schema, 0, length.Length);
                break;
            case RequiredAttribute { AllowEmptyStrings: false } when IsOf(schema, "string"):
                Length(schema, 1, null);
                break;
            case EmailAddressAttribute:
                schema["format"] = "email";
                break;
            case UrlAttribute:
                schema["format"] = "uri";
                break;
            case RegularExpressionAttribute pattern:
                schema["pattern"] = $"^(?:{pattern.Pattern})$";
                break;
            default:
                break;
        }
    }

    private static void Limit(JsonObject schema, string word, object limit)
    {
        // The attribute has texts where it was given a type, such as a decimal's.
        if (limit is int whole)
        {
            schema[word] = whole;
        }
        else if ((limit is double number
            || double.TryParse(limit as string, NumberStyles.Float, CultureInfo.InvariantCulture, out number))
            && double.IsFinite(number))
        {
            schema[word] = number;
        }
    }

    private static void Length(JsonObject schema, int min, int? max)
    {
        var what = IsOf(schema, "array") ? "Items" : IsOf(schema, "object") ? "Properties" : "Length";
        if (min > 0)
        {
            schema[$"min{what}"] = min;
        }

        if (max is >= 0)
        {
            schema[$"max{what}"] = max;
        }
    }

    private static bool IsOf(JsonObject schema, string type) => schema["type"] switch
    {
        JsonValue one => one.TryGetValue<string>(out var word) && word == type,
        JsonArray many => many.Any(one => (string?)one == type),
        _ => false,
    };
}

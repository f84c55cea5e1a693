using Microsoft.CodeAnalysis;

namespace Lovage.Generators;

/// <summary>Which types can never be an argument or a result, whatever contract the app adds.</summary>
internal static class PayloadTypes
{
    private const string Fields = "its members are fields, which JSON leaves out; declare a record";
    private const string Service = "services come by the constructor of the handler's class";

    private static readonly Dictionary<string, string> Refused = new(StringComparer.Ordinal)
    {
        ["System.IO.Stream"] =
            "a stream lives in this process; store the data and pass a reference to it, or pass a byte[]",
        ["System.Exception"] = "an exception has no JSON contract; pass its message",
        ["System.Type"] = "a message names no types; pass a text",
        ["System.Threading.CancellationToken"] =
            "a token lives in this process; take one plain CancellationToken parameter",
        ["System.Threading.CancellationTokenSource"] =
            "it lives in this process; the attempt's own token comes as a CancellationToken parameter",
        ["System.Threading.Tasks.Task"] = "a task lives in this process; await it and pass its value",
        ["System.Threading.Tasks.ValueTask"] = "a task lives in this process; await it and pass its value",
        ["System.Threading.Thread"] = "a thread lives in this process",
        ["System.Numerics.Complex"] = Fields,
        ["System.Numerics.Vector2"] = Fields,
        ["System.Numerics.Vector3"] = Fields,
        ["System.Numerics.Vector4"] = Fields,
        ["System.Numerics.Quaternion"] = Fields,
        ["System.Numerics.Plane"] = Fields,
        ["System.Numerics.Matrix3x2"] = Fields,
        ["System.Numerics.Matrix4x4"] = Fields,
        ["System.Numerics.BigInteger"] = "JSON writes its properties and not its value; pass a text",
        ["System.Range"] = "JSON cannot set its members; pass two numbers",
        ["System.Index"] = "JSON cannot set its members; pass a number",
        ["System.Text.Rune"] = "JSON cannot set its value; pass a text",
        ["System.ArraySegment"] = "JSON can write it and not read it; pass an array",
        ["System.Lazy"] = "its value is made in this process; pass the value",
        ["System.Collections.BitArray"] = "JSON cannot fill it; pass a bool[] or a byte[]",
        ["System.Collections.Specialized.NameValueCollection"] =
            "JSON writes its keys and not its values; pass a Dictionary<string, string[]>",
        ["System.Data.DataTable"] = "it has no JSON contract; pass rows of a record",
        ["System.Data.DataSet"] = "it has no JSON contract; pass rows of a record",
        ["System.Globalization.CultureInfo"] = "JSON cannot make it; pass its name",
        ["System.TimeZoneInfo"] = "JSON cannot make it; pass its id",
        ["System.Text.Encoding"] = "JSON cannot make it; pass its name",
        ["System.Text.RegularExpressions.Regex"] = "JSON cannot make it; pass its pattern",
        ["System.Net.IPAddress"] = "JSON cannot make it; pass a text",
        ["System.Net.IPEndPoint"] = "JSON cannot make it; pass a text",
        ["System.Net.Mail.MailAddress"] = "JSON cannot make it; pass a text",
        ["System.Collections.Generic.Stack"] = "JSON turns its order around; pass a list",
        ["System.IntPtr"] = "a pointer means nothing in another process",
        ["System.UIntPtr"] = "a pointer means nothing in another process",
        ["System.Linq.Expressions.Expression"] = "an expression is code, and a message carries data",
        ["System.Net.Http.HttpMessageInvoker"] = Service,
        ["System.TimeProvider"] = Service,
        ["System.Data.Common.DbConnection"] = Service,
        ["Microsoft.EntityFrameworkCore.DbContext"] = Service,
        ["Microsoft.AspNetCore.Http.HttpContext"] =
            "a request is over when the job runs; pass the values that the job needs",
        ["Lovage.JobContext"] = "it belongs to one attempt; take one plain JobContext parameter",
    };

    private static readonly HashSet<string> Collections = new(StringComparer.Ordinal)
    {
        "System.Collections.IEnumerable", "System.Collections.ICollection", "System.Collections.IList",
        "System.Collections.IDictionary", "System.Collections.Generic.IEnumerable",
        "System.Collections.Generic.ICollection", "System.Collections.Generic.IList",
        "System.Collections.Generic.IDictionary", "System.Collections.Generic.ISet",
        "System.Collections.Generic.IReadOnlyCollection", "System.Collections.Generic.IReadOnlyList",
        "System.Collections.Generic.IReadOnlyDictionary", "System.Collections.Generic.IReadOnlySet",
        "System.Collections.Immutable.IImmutableList", "System.Collections.Immutable.IImmutableSet",
        "System.Collections.Immutable.IImmutableDictionary", "System.Collections.Immutable.IImmutableQueue",
        "System.Collections.Immutable.IImmutableStack",
    };

    /// <summary>Why it cannot travel; null when it may.</summary>
    internal static string? WhyNot(ITypeSymbol type) => type switch
    {
        IPointerTypeSymbol or IFunctionPointerTypeSymbol => "a pointer means nothing in another process",
        IDynamicTypeSymbol => "nothing says what it holds; take a JsonElement or a type of your own",
        IArrayTypeSymbol { Rank: > 1 } => "JSON has no arrays of several dimensions; use an array of arrays",
        IArrayTypeSymbol array => WhyNot(array.ElementType),
        INamedTypeSymbol named => WhyNot(named),
        _ => null,
    };

    private static string? WhyNot(INamedTypeSymbol type)
    {
        if (type.IsRefLikeType)
        {
            return "a ref struct cannot be kept; use an array";
        }

        if (type.TypeKind == TypeKind.Delegate)
        {
            return "a delegate is code, and a message carries data";
        }

        if (type.IsTupleType)
        {
            return "a tuple's members are fields, which JSON leaves out; declare a record";
        }

        if (Types.IsNullableValue(type))
        {
            return WhyNot(type.TypeArguments[0]);
        }

        foreach (var self in Types.SelfAndBases(type))
        {
            if (Refused.TryGetValue(Types.FullName(self), out var reason))
            {
                return reason;
            }
        }

        if (HasOwnContract(type))
        {
            return null;
        }

        return type switch
        {
            { TypeKind: TypeKind.Interface } when Collections.Contains(Types.FullName(type)) => Elements(type),
            { TypeKind: TypeKind.Interface } =>
                $"it is an interface: {Service}, and data needs a class or record (or [JsonDerivedType])",
            { TypeKind: TypeKind.Class, IsAbstract: true } =>
                $"it is abstract: {Service}, and data needs a class that can be made (or [JsonDerivedType])",
            _ when type.AllInterfaces.Any(static i => i.SpecialType == SpecialType.System_Collections_IEnumerable) =>
                Elements(type),
            _ => null,
        };
    }

    private static string? Elements(INamedTypeSymbol type) =>
        type.TypeArguments.Select(WhyNot).FirstOrDefault(static reason => reason is not null);

    private static bool HasOwnContract(INamedTypeSymbol type) =>
        Types.FullName(type) == "System.Text.Json.Nodes.JsonNode"
        || Types.HasAttribute(
            type,
            "System.Text.Json.Serialization.JsonConverterAttribute",
            "System.Text.Json.Serialization.JsonDerivedTypeAttribute");
}

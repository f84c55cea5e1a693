using Microsoft.CodeAnalysis;

namespace Lovage.Generators;

/// <summary>
/// Which types can never be an argument or a result, whatever contract the app adds: what lives in one process,
/// services, and what <see cref="UnreadableTypes"/> lists.
/// </summary>
internal static class PayloadTypes
{
    private const string Service = "services come by the constructor of the handler's class";

    private static readonly Dictionary<string, string> Refused = new(StringComparer.Ordinal)
    {
        ["System.IO.Stream"] =
            "a stream lives in this process; store the data and pass a reference to it, or pass a byte[]",
        ["System.Type"] = "a message names no types; pass a text",
        ["System.Threading.CancellationToken"] =
            "a token lives in this process; take one plain CancellationToken parameter",
        ["System.Threading.CancellationTokenSource"] =
            "it lives in this process; the attempt's own token comes as a CancellationToken parameter",
        ["System.Threading.Tasks.Task"] = "a task lives in this process; await it and pass its value",
        ["System.Threading.Tasks.ValueTask"] = "a task lives in this process; await it and pass its value",
        ["System.Threading.Thread"] = "a thread lives in this process",
        ["System.IntPtr"] = "a pointer means nothing in another process",
        ["System.UIntPtr"] = "a pointer means nothing in another process",
        ["System.Linq.Expressions.Expression"] = "an expression is code, and a message carries data",
        ["System.Net.Http.HttpMessageInvoker"] = Service,
        ["System.TimeProvider"] = Service,
        ["System.Data.Common.DbConnection"] = Service,
        ["Microsoft.EntityFrameworkCore.DbContext"] = Service,
        ["Lovage.BackgroundTasks"] = "it belongs to one request",
        ["Lovage.JobClient"] = Service,
        ["Lovage.JobInspector"] = Service,
        ["Lovage.ScheduleClient"] = Service,
        ["Lovage.TaskSpawner"] = Service,
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

        if (Types.IsNullableValue(type))
        {
            return WhyNot(type.TypeArguments[0]);
        }

        foreach (var self in Types.SelfAndBases(type))
        {
            var name = Types.FullName(self);
            if ((Refused.TryGetValue(name, out var reason) ? reason : UnreadableTypes.WhyNot(name)) is { } found)
            {
                return found;
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

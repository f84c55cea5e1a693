using Microsoft.CodeAnalysis;

namespace Lovage.Generators;

/// <summary>Questions about types that several parts ask.</summary>
internal static class Types
{
    internal const string Token = "System.Threading.CancellationToken";
    internal const string Context = "Lovage.JobContext";

    private static readonly SymbolDisplayFormat CodeFormat =
        SymbolDisplayFormat.FullyQualifiedFormat.AddMiscellaneousOptions(
            SymbolDisplayMiscellaneousOptions.IncludeNullableReferenceTypeModifier);

    private static readonly SymbolDisplayFormat PlainFormat =
        SymbolDisplayFormat.FullyQualifiedFormat.WithMiscellaneousOptions(SymbolDisplayMiscellaneousOptions.None);

    private static readonly SymbolDisplayFormat PlainNameFormat =
        PlainFormat.WithGlobalNamespaceStyle(SymbolDisplayGlobalNamespaceStyle.Omitted);

    /// <summary>As code names it, nullability included.</summary>
    internal static string Code(ITypeSymbol type) => type.ToDisplayString(CodeFormat);

    /// <summary>As <c>typeof</c> takes it.</summary>
    internal static string Runtime(ITypeSymbol type) => type.ToDisplayString(SymbolDisplayFormat.FullyQualifiedFormat);

    /// <summary>As people name it in a message.</summary>
    internal static string Shown(ISymbol type) =>
        type.ToDisplayString(SymbolDisplayFormat.CSharpShortErrorMessageFormat);

    /// <summary>
    /// The full name of the definition without type arguments, such as <c>System.Collections.Generic.List</c>.
    /// </summary>
    internal static string FullName(ITypeSymbol type) =>
        type.ContainingType is { } outer ? $"{FullName(outer)}.{type.Name}"
        : type.ContainingNamespace is { IsGlobalNamespace: false } space
            ? $"{space.ToDisplayString(PlainNameFormat)}.{type.Name}"
        : type.Name;

    internal static bool Is(ITypeSymbol type, string fullName) =>
        type is INamedTypeSymbol { IsGenericType: false } && FullName(type) == fullName;

    internal static bool IsTask(ITypeSymbol type) =>
        type is INamedTypeSymbol { Arity: <= 1 }
            && FullName(type) is "System.Threading.Tasks.Task" or "System.Threading.Tasks.ValueTask";

    internal static bool IsNullableValue(ITypeSymbol type) =>
        type.OriginalDefinition.SpecialType == SpecialType.System_Nullable_T;

    internal static IEnumerable<INamedTypeSymbol> SelfAndBases(ITypeSymbol type)
    {
        for (var current = type as INamedTypeSymbol; current is not null; current = current.BaseType)
        {
            yield return current;
        }
    }

    internal static bool HasAttribute(ISymbol symbol, params string[] fullNames) =>
        symbol.GetAttributes().Any(a => a.AttributeClass is { } type && fullNames.Contains(FullName(type)));

    /// <summary>True when only its own file can name it.</summary>
    internal static bool IsFileLocal(ITypeSymbol type) =>
        type is INamedTypeSymbol { IsFileLocal: true } || (type.ContainingType is { } outer && IsFileLocal(outer));

    /// <summary>True for what comes with .NET.</summary>
    internal static bool IsFramework(ITypeSymbol type) =>
        type.ContainingAssembly is not { Name: var assembly }
            || assembly.StartsWith("System.", StringComparison.Ordinal)
            || assembly is "System" or "mscorlib" or "netstandard";

    /// <summary>True when every assembly can name it.</summary>
    internal static bool IsPublic(ITypeSymbol type) => type switch
    {
        IArrayTypeSymbol array => IsPublic(array.ElementType),
        INamedTypeSymbol named => named.DeclaredAccessibility is Accessibility.Public or Accessibility.NotApplicable
            && (named.ContainingType is null || IsPublic(named.ContainingType))
            && named.TypeArguments.All(IsPublic),
        _ => true,
    };
}

using Microsoft.CodeAnalysis;

namespace Lovage.Generators;

/// <summary>Reads the class a handler stands in.</summary>
internal static class HandlerParser
{
    private static readonly SymbolDisplayFormat NamespaceFormat =
        SymbolDisplayFormat.FullyQualifiedFormat.WithGlobalNamespaceStyle(SymbolDisplayGlobalNamespaceStyle.Omitted);

    /// <summary>Why generated code could not call this method; null when it can.</summary>
    internal static string? WhyNoHandler(Compilation compilation, IMethodSymbol method)
    {
        if (method.MethodKind != MethodKind.Ordinary)
        {
            return "only an ordinary method of a class can be one";
        }

        var type = method.ContainingType;
        if (type.TypeKind != TypeKind.Class)
        {
            return $"it stands in a {type.TypeKind.ToString().ToLowerInvariant()}; move it to a class";
        }

        if (method.IsGenericMethod || IsGeneric(type))
        {
            return "it is generic, and a message names no types; write a method without type parameters for each type";
        }

        if (method.IsAbstract || (type is { IsAbstract: true, IsStatic: false } && !method.IsStatic))
        {
            return "it is abstract or stands in an abstract class, of which no instance can be made; mark the method "
                + "of a derived class";
        }

        if (Types.IsFileLocal(type))
        {
            return "its class is file-local, and the generated code stands in another file; make it internal";
        }

        if (!compilation.IsSymbolAccessibleWithin(type, compilation.Assembly))
        {
            return "its class cannot be reached by the generated code; make it internal or public";
        }

        if (!compilation.IsSymbolAccessibleWithin(method, compilation.Assembly))
        {
            return "it cannot be reached by the generated code; make it internal or public";
        }

        if (method.IsVararg)
        {
            return "it takes __arglist";
        }

        return !method.IsStatic
            && type.InstanceConstructors.All(static c => c.DeclaredAccessibility != Accessibility.Public)
            && !IsNewable(compilation, type)
            ? "its class has no public constructor; make one public"
            : null;
    }

    internal static HandlerModel Parse(Compilation compilation, INamedTypeSymbol type)
    {
        var space = type.ContainingNamespace;
        var nested = type.Name;
        for (var outer = type.ContainingType; outer is not null; outer = outer.ContainingType)
        {
            nested = $"{outer.Name}_{nested}";
        }

        return new HandlerModel(
            space.IsGlobalNamespace ? "" : space.ToDisplayString(NamespaceFormat),
            Types.Runtime(type),
            type.ToDisplayString(SymbolDisplayFormat.CSharpErrorMessageFormat),
            Free(space, nested + "Factories"),
            Free(space, nested + "Bindings"),
            Types.IsPublic(type),
            IsNewable(compilation, type) ? HandlerCreation.New : HandlerCreation.Services);
    }

    // One constructor without parameters and nothing to dispose: the container could add nothing to "new".
    private static bool IsNewable(Compilation compilation, INamedTypeSymbol type) =>
        type.InstanceConstructors.Length == 1
        && type.InstanceConstructors[0] is { Parameters.IsEmpty: true } only
        && compilation.IsSymbolAccessibleWithin(only, compilation.Assembly)
        && !type.AllInterfaces.Any(static i => Types.FullName(i) is "System.IDisposable" or "System.IAsyncDisposable")
        && !Types.SelfAndBases(type)
            .SelectMany(static t => t.GetMembers())
            .Any(static m => m is IPropertySymbol { IsRequired: true } or IFieldSymbol { IsRequired: true });

    private static bool IsGeneric(INamedTypeSymbol type) =>
        type.IsGenericType || (type.ContainingType is { } outer && IsGeneric(outer));

    private static string Free(INamespaceSymbol space, string name)
    {
        while (space.GetMembers(name).Any())
        {
            name += "_";
        }

        return name;
    }
}

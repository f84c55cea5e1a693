using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Lovage.Generators;

/// <summary>What the build says.</summary>
/// <param name="RootNamespace">Null when it says none.</param>
/// <param name="ReflectionIsOff">True when a type without a source-generated contract cannot be serialised.</param>
internal sealed record BuildFacts(string? RootNamespace, bool ReflectionIsOff)
{
    internal static BuildFacts From(AnalyzerConfigOptionsProvider provider)
    {
        var options = provider.GlobalOptions;
        var explicitly = Property(options, "JsonSerializerIsReflectionEnabledByDefault");
        var isOff = explicitly is null
            ? Is(Property(options, "PublishTrimmed")) || Is(Property(options, "PublishAot"))
            : !Is(explicitly);
        return new BuildFacts(Property(options, "RootNamespace"), isOff);
    }

    private static string? Property(AnalyzerConfigOptions options, string name) =>
        options.TryGetValue("build_property." + name, out var value) && value.Trim() is { Length: > 0 } text
            ? text
            : null;

    private static bool Is(string? value) => string.Equals(value, "true", StringComparison.OrdinalIgnoreCase);
}

/// <summary>What the generated catalog is called and what it may call.</summary>
/// <param name="Name">The assembly.</param>
/// <param name="Namespace">Where the catalog stands.</param>
/// <param name="Catalog">The catalog's class.</param>
/// <param name="HasBuilder">True when LovageBuilder can be seen, so that AddJobs() can extend it.</param>
internal sealed record AssemblyFacts(string Name, string Namespace, string Catalog, bool HasBuilder)
{
    internal static AssemblyFacts From(Compilation compilation, BuildFacts build)
    {
        var assembly = compilation.AssemblyName ?? "Assembly";
        var space = Naming.Namespace(build.RootNamespace ?? assembly);
        var catalog = Naming.Catalog(assembly);
        while (IsTaken(compilation, space, catalog))
        {
            catalog += "Catalog";
        }

        return new AssemblyFacts(
            assembly, space, catalog, compilation.GetTypeByMetadataName("Lovage.LovageBuilder") is not null);
    }

    /// <summary>The version of C# when it is too old for extension members; null when it is not.</summary>
    internal static string? OldLanguage(ParseOptions options)
    {
        // C# 14 is 1400; the oldest compiler this may be loaded by has no name for it.
        const int CSharp14 = 1400;
        return options is CSharpParseOptions { LanguageVersion: var version } && (int)version < CSharp14
            ? version.ToDisplayString()
            : null;
    }

    private static bool IsTaken(Compilation compilation, string space, string name)
    {
        INamespaceSymbol? current = compilation.Assembly.GlobalNamespace;
        foreach (var part in space.Split('.'))
        {
            current = current?.GetNamespaceMembers().FirstOrDefault(n => n.Name == part.TrimStart('@'));
        }

        return current is not null && current.GetMembers(name).Any();
    }
}

using System.Xml.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Lovage.Architecture.Tests;

/// <summary>
/// Sources bound against the platform and the packages this test was started with, without Lovage's own assemblies.
/// </summary>
internal static class SourceCompilation
{
    // What ImplicitUsings writes for Microsoft.NET.Sdk.
    private const string ImplicitUsings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;

    public static CSharpCompilation Of(IEnumerable<SourceFile> files, IEnumerable<string>? projects = null)
    {
        var usings = new SourceFile(
            "ImplicitUsings.cs", string.Join('\n', [ImplicitUsings, .. (projects ?? []).SelectMany(ProjectUsings)]));
        return CSharpCompilation.Create(
            "Sources",
            files.Append(usings).Select(file => file.Tree),
            References(),
            new CSharpCompilationOptions(
                OutputKind.DynamicallyLinkedLibrary,
                nullableContextOptions: NullableContextOptions.Enable,
                allowUnsafe: true));
    }

    private static IEnumerable<string> ProjectUsings(string project) =>
        from item in XDocument.Parse(Repository.Read(project)).Descendants("Using")
        let name = item.Attribute("Include")?.Value
        where name is not null
        select item.Attribute("Static")?.Value is "true" ? $"global using static {name};"
            : item.Attribute("Alias")?.Value is { } alias ? $"global using {alias} = {name};"
            : $"global using {name};";

    private static IEnumerable<MetadataReference> References() =>
        from path in ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
        where !Path.GetFileName(path).StartsWith("Lovage", StringComparison.Ordinal)
        select MetadataReference.CreateFromFile(path);
}

using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Xml.Linq;

namespace Lovage.Architecture.Tests;

/// <summary>One ProjectReference. One without code runs in the compiler or only has to be built before.</summary>
internal sealed record ProjectReference(string From, string To, bool WithoutCode)
{
    public static IEnumerable<ProjectReference> Of(string project) =>
        from item in XDocument.Parse(Repository.Read(project)).Descendants("ProjectReference")
        from include in item.Attribute("Include")?.Value.Split(';', StringSplitOptions.RemoveEmptyEntries) ?? []
        let folder = Path.GetDirectoryName(project)!
        let target = Path.GetRelativePath(
            Repository.Root, Path.GetFullPath(Path.Combine(Repository.Root, folder, include.Trim().Replace('\\', '/'))))
        select new ProjectReference(
            project,
            target.Replace('\\', '/'),
            (item.Attribute("ReferenceOutputAssembly")?.Value
                ?? item.Element("ReferenceOutputAssembly")?.Value) is "false");
}

/// <summary>The one table of arrows allowed between the libraries of src.</summary>
internal static class ProjectArrows
{
    private const string Core = "Lovage";

    // Its assembly comes with the package so that SQLite is there when nothing is said; no code may name it.
    private static readonly (string From, string To)[] PackageOnly = [("Lovage.AspNetCore", "Lovage.Sqlite")];

    // A package that adds to one storage and to no other (docs/adr/0009).
    private static readonly (string From, string To)[] Additions =
    [
        ("Lovage.PostgreSql.EntityFrameworkCore", "Lovage.PostgreSql"),
        ("Lovage.PostgreSql.EntityFrameworkCore", "Lovage.EntityFrameworkCore"),
    ];

    // The one package for web apps brings the console along (docs/adr/0015).
    private static readonly (string From, string To)[] WebApps = [("Lovage.AspNetCore", "Lovage.Dashboard")];

    // The command line sees every library.
    private static readonly string[] SeesAll = ["Lovage.Cli"];

    public static bool AllowsCode(string from, string to) =>
        from != Core
            && (to == Core
                || SeesAll.Contains(from)
                || Additions.Contains((from, to))
                || WebApps.Contains((from, to)));

    public static bool AllowsReference(ProjectReference reference)
    {
        var from = Path.GetFileNameWithoutExtension(reference.From);
        var to = Path.GetFileNameWithoutExtension(reference.To);
        return reference.To.StartsWith("src/", StringComparison.Ordinal)
            && (AllowsCode(from, to)
                || PackageOnly.Contains((from, to))
                || (from == Core && to == "Lovage.Generators" && reference.WithoutCode));
    }

    /// <summary>The names of Lovage's assemblies that a compiled assembly refers to.</summary>
    public static IReadOnlyList<string> CompiledReferences(string assembly)
    {
        using var file = new PEReader(File.OpenRead(assembly));
        var metadata = file.GetMetadataReader();
        return [.. from handle in metadata.AssemblyReferences
                   let name = metadata.GetString(metadata.GetAssemblyReference(handle).Name)
                   where name == Core || name.StartsWith(Core + ".", StringComparison.Ordinal)
                   select name];
    }
}

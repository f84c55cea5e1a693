using System.Xml.Linq;
using Xunit;

namespace Lovage.Architecture.Tests;

public sealed class ProjectArrowTests
{
    private static readonly string[] Libraries =
    [
        .. Repository.Projects.Where(project => project.StartsWith("src/", StringComparison.Ordinal)),
    ];

    [Fact]
    public void Libraries_ProjectReferences_StayWithinTheTable()
    {
        var forbidden = Libraries.SelectMany(ProjectReference.Of)
            .Where(reference => !ProjectArrows.AllowsReference(reference));

        Findings.None(forbidden.Select(reference => $"{reference.From} -> {reference.To}"));
    }

    [Fact]
    public void Libraries_CompiledReferences_StayWithinTheTable()
    {
        var compiled = Libraries.Select(project => Path.GetFileNameWithoutExtension(project))
            .Where(name => name != "Lovage.Generators")
            .ToDictionary(
                name => name,
                name => ProjectArrows.CompiledReferences(Path.Combine(AppContext.BaseDirectory, name + ".dll")));

        Assert.Contains("Lovage", compiled.Keys);
        Findings.None(from library in compiled
                      from target in library.Value
                      where !ProjectArrows.AllowsCode(library.Key, target)
                      select $"{library.Key} -> {target}");
    }

    [Theory]
    [InlineData("Lovage.Redis", "src/Lovage/Lovage.csproj", false, true)]
    [InlineData("Lovage.AspNetCore", "src/Lovage.Sqlite/Lovage.Sqlite.csproj", false, true)]
    [InlineData("Lovage.AspNetCore", "src/Lovage.Dashboard/Lovage.Dashboard.csproj", false, true)]
    [InlineData("Lovage.Dashboard", "src/Lovage.AspNetCore/Lovage.AspNetCore.csproj", false, false)]
    [InlineData("Lovage.Dashboard", "src/Lovage.Sqlite/Lovage.Sqlite.csproj", false, false)]
    [InlineData("Lovage.Redis", "src/Lovage.Sqlite/Lovage.Sqlite.csproj", false, false)]
    [InlineData("Lovage.PostgreSql.EntityFrameworkCore", "src/Lovage.PostgreSql/Lovage.PostgreSql.csproj", false, true)]
    [InlineData(
        "Lovage.PostgreSql.EntityFrameworkCore",
        "src/Lovage.EntityFrameworkCore/Lovage.EntityFrameworkCore.csproj",
        false,
        true)]
    [InlineData("Lovage.EntityFrameworkCore", "src/Lovage.Sqlite/Lovage.Sqlite.csproj", false, false)]
    [InlineData("Lovage.PostgreSql.EntityFrameworkCore", "src/Lovage.Sqlite/Lovage.Sqlite.csproj", false, false)]
    [InlineData("Lovage.Testing", "tests/Lovage.Specification/Lovage.Specification.csproj", false, false)]
    [InlineData("Lovage", "src/Lovage.Testing/Lovage.Testing.csproj", true, false)]
    [InlineData("Lovage", "src/Lovage.Generators/Lovage.Generators.csproj", false, false)]
    [InlineData("Lovage", "src/Lovage.Generators/Lovage.Generators.csproj", true, true)]
    public void AllowsReference_PlantedReference_IsJudgedByTheTable(
        string from, string to, bool withoutCode, bool allowed) =>
        Assert.Equal(
            allowed, ProjectArrows.AllowsReference(new ProjectReference($"src/{from}/{from}.csproj", to, withoutCode)));

    [Theory]
    [InlineData("Lovage.AspNetCore", "Lovage.Sqlite", false)]
    [InlineData("Lovage.AspNetCore", "Lovage", true)]
    [InlineData("Lovage.Cli", "Lovage.Sqlite", true)]
    [InlineData("Lovage", "Lovage.Generators", false)]
    public void AllowsCode_PlantedReference_IsJudgedByTheTable(string from, string to, bool allowed) =>
        Assert.Equal(allowed, ProjectArrows.AllowsCode(from, to));

    [Fact]
    public void CompiledReferences_ThisAssembly_NamesNoLibrary() =>
        Assert.Empty(ProjectArrows.CompiledReferences(typeof(ProjectArrowTests).Assembly.Location));

    [Fact]
    public void Solution_ListsEveryProject()
    {
        var listed = XDocument.Parse(Repository.Read("Lovage.slnx"))
            .Descendants("Project")
            .Select(item => item.Attribute("Path")!.Value.Replace('\\', '/'));

        // What is not in the solution is neither built nor tested by test.sh. Projects used as data lie deeper.
        var own = Repository.Projects.Where(
            project => project.Split('/') is ["src" or "tests" or "samples" or "bench", _, _]);
        Findings.None(own.Except(listed));
    }
}

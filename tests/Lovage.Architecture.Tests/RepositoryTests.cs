using System.Text.RegularExpressions;
using Xunit;

namespace Lovage.Architecture.Tests;

public sealed partial class RepositoryTests
{
    private const string ErrorPage = "docs/errors.md";

    // The word is written in pieces, so that the test does not find this file.
    private static readonly string[] Foreign =
    [
        "/wor" + "k/", "/tmp/bash" + "_jobs", "/ro" + "ot/", "nuget" + ".org", "pypi" + ".org", "npmjs" + ".org",
        "crates" + ".io", "ghcr" + ".io", "docker" + ".io",
    ];

    [Fact]
    public void Files_AreFound()
    {
        Assert.Contains("Lovage.slnx", Repository.Files);
        Assert.Contains("src/Lovage/Jobs/Job.cs", Repository.Files);
        Assert.DoesNotContain(Repository.Files, file => file.StartsWith("artifacts/", StringComparison.Ordinal));
    }

    [Fact]
    public void Files_NameNoMachineAndNoRegistry() =>
        Findings.None(from file in Repository.Files
                      let text = Repository.Read(file)
                      from foreign in Foreign
                      where ForeignIn(text, foreign)
                      select $"{file} names {foreign}");

    [Theory]
    [InlineData("see /ro" + "ot/app", true)]
    [InlineData("\"/wor" + "k/main\"", true)]
    [InlineData("https://api.nuget" + ".org/v3", true)]
    [InlineData("docs/wor" + "k/page.md", false)]
    public void ForeignIn_PlantedText_IsJudged(string text, bool expected) =>
        Assert.Equal(expected, Foreign.Any(foreign => ForeignIn(text, foreign)));

    [Fact]
    public void Contributing_EveryPathNamed_Exists()
    {
        var named = NamedPath()
            .Matches(Repository.Read("CONTRIBUTING.md"))
            .Select(match => match.Groups[1].Value)
            .ToList();

        Assert.True(named.Count >= 10, "The reading order names its places.");
        Findings.None(named.Where(path => !Repository.Has(path)).Select(path => $"{path} is not there"));
    }

    [Fact]
    public void Errors_EveryDiagnosticId_IsDocumentedOnce()
    {
        var used = Repository.Sources("src")
            .SelectMany(file => DiagnosticId().Matches(file.Text))
            .Select(match => match.Value)
            .Distinct()
            .ToList();
        var documented = Repository.Has(ErrorPage)
            ? [.. DiagnosticHeading().Matches(Repository.Read(ErrorPage)).Select(match => match.Groups[1].Value)]
            : Array.Empty<string>();

        Findings.None(used.Except(documented).Select(id => $"{id} has no heading in {ErrorPage}"));
        Findings.None(documented.Except(used).Select(id => $"{ErrorPage} documents {id}, which nothing reports"));
        Assert.Equal(documented.Distinct(), documented);
    }

    [Fact]
    public void Scripts_AreExecutable()
    {
        var closed = new[] { "test.sh", ".ci/run" }.Where(script =>
            !OperatingSystem.IsWindows()
                && !File.GetUnixFileMode(Path.Combine(Repository.Root, script)).HasFlag(UnixFileMode.UserExecute));

        Findings.None(closed);
    }

    // A path, not the tail of a longer one: docs/work/ is no machine's path.
    private static bool ForeignIn(string text, string foreign)
    {
        for (var at = text.IndexOf(foreign, StringComparison.Ordinal);
            at >= 0;
            at = text.IndexOf(foreign, at + 1, StringComparison.Ordinal))
        {
            if (foreign[0] != '/'
                || at == 0
                || (!char.IsAsciiLetterOrDigit(text[at - 1]) && text[at - 1] is not ('.' or '-' or '_' or '}' or ')')))
            {
                return true;
            }
        }

        return false;
    }

    [GeneratedRegex(
        @"`((?:src|tests|samples|bench|docs|eng|\.ci)(?:/[^`\s]*)?|[A-Z][\w.]+\.(?:md|props|slnx)|test\.sh|"
            + @"global\.json)`")]
    private static partial Regex NamedPath();

    [GeneratedRegex(@"\bLVG\d+\b")]
    private static partial Regex DiagnosticId();

    [GeneratedRegex(@"^#+ .*\b(LVG\d+)\b", RegexOptions.Multiline)]
    private static partial Regex DiagnosticHeading();
}

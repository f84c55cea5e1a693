using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using Lovage.Packaging;

[assembly: AssemblyFixture(typeof(LocalFeed))]

namespace Lovage.Packaging;

/// <summary>
/// All packages of the repository, packed once into a feed of their own under a version that no cache has seen.
/// </summary>
public sealed class LocalFeed : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("lovage-packages-").FullName;

    /// <summary>The version of the packages.</summary>
    internal string Version { get; } = $"0.1.0-test.{DateTime.UtcNow.Ticks.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>Opens a package.</summary>
    internal ZipArchive Open(string package) =>
        ZipFile.OpenRead(Path.Combine(_folder, "feed", $"{package}.{Version}.nupkg"));

    /// <summary>The packages' names.</summary>
    internal IReadOnlyList<string> Packages { get; private set; } = [];

    public async ValueTask InitializeAsync()
    {
        var feed = Path.Combine(_folder, "feed");
        var source = Path.Combine(Repository(), "src");
        var projects = Directory.EnumerateFiles(source, "*.csproj", SearchOption.AllDirectories);

        // The generator has no package: it is inside Lovage's. One build packs the others and shares what they share.
        var filter = new
        {
            solution = new
            {
                path = Path.Combine(Repository(), "Lovage.slnx"),
                projects = projects
                    .Where(static project => Path.GetFileNameWithoutExtension(project) != "Lovage.Generators")
                    .Append(Path.Combine(
                        Repository(), "tests", "Lovage.Specification", "Lovage.Specification.csproj"))
                    .Select(static project => Path.GetRelativePath(Repository(), project)),
            },
        };
        var packages = Path.Combine(_folder, "Packages.slnf");
        await File.WriteAllTextAsync(packages, JsonSerializer.Serialize(filter));
        string[] options = ["-c", "Release", "-o", feed, $"-p:Version={Version}", "-p:RunAnalyzers=false", "-v", "q"];
        var packed = await Command.RunAsync(source, "dotnet", ["pack", packages, .. options]);
        Assert.True(packed.ExitCode == 0, packed.Output);

        Packages = [.. Directory.EnumerateFiles(feed, $"*.{Version}.nupkg")
            .Select(file => Path.GetFileName(file)!.Replace($".{Version}.nupkg", "", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)];
        await File.WriteAllTextAsync(
            Path.Combine(_folder, "nuget.config"),
            """
            <configuration>
              <packageSources>
                <add key="lovage-local" value="feed" />
              </packageSources>
            </configuration>
            """);
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        var cache = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        foreach (var package in Packages)
        {
            var cached = Path.Combine(cache, package.ToLowerInvariant(), Version);
            if (Directory.Exists(cached))
            {
                Directory.Delete(cached, recursive: true);
            }
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>
    /// A folder of its own beside the feed, filled with these files; <c>VERSION</c> in them becomes the packages'
    /// version.
    /// </summary>
    internal string App(string name, params (string Path, string Text)[] files)
    {
        var folder = Path.Combine(_folder, name);
        foreach (var (path, text) in files)
        {
            var file = Path.Combine(folder, path);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, text.Replace("VERSION", Version, StringComparison.Ordinal));
        }

        return folder;
    }

    /// <summary>The root of the repository.</summary>
    internal static string Repository()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Lovage.slnx")))
        {
            folder = Path.GetDirectoryName(folder)
                ?? throw new InvalidOperationException("Lovage.slnx stands in no folder above this test.");
        }

        return folder;
    }
}

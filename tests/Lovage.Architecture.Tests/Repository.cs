using System.Text.RegularExpressions;

namespace Lovage.Architecture.Tests;

/// <summary>The working copy these tests stand in: its files, without what .gitignore leaves out.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    private static readonly Lazy<IReadOnlyList<string>> AllFiles = new(
        () => [.. Walk(Root).Order(StringComparer.Ordinal)]);

    /// <summary>Paths from the root, with forward slashes.</summary>
    public static IReadOnlyList<string> Files => AllFiles.Value;

    /// <summary>The C# files below a folder.</summary>
    public static IEnumerable<SourceFile> Sources(string folder) =>
        from file in Files
        where file.StartsWith(folder + "/", StringComparison.Ordinal) && file.EndsWith(".cs", StringComparison.Ordinal)
        select new SourceFile(file, Read(file));

    /// <summary>The console's scripts, styles and page, without what is vendored.</summary>
    public static IEnumerable<SourceFile> Pages() =>
        from file in Files
        where file.StartsWith("src/Lovage.Dashboard/ui/", StringComparison.Ordinal)
            && !file.Contains("/vendor/", StringComparison.Ordinal)
            && Path.GetExtension(file) is (".js" or ".css" or ".html")
        select new SourceFile(file, Read(file));

    public static IEnumerable<string> Projects =>
        Files.Where(file => file.EndsWith(".csproj", StringComparison.Ordinal));

    public static string Read(string file) => File.ReadAllText(Path.Combine(Root, file));

    public static bool Has(string path) =>
        File.Exists(Path.Combine(Root, path)) || Directory.Exists(Path.Combine(Root, path));

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Lovage.slnx")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"No folder above {AppContext.BaseDirectory} holds Lovage.slnx.");
    }

    private static IEnumerable<string> Walk(string root)
    {
        var ignored = IgnorePatterns(Path.Combine(root, ".gitignore"));
        var folders = new Stack<string>([root]);
        while (folders.TryPop(out var folder))
        {
            foreach (var entry in new DirectoryInfo(folder).EnumerateFileSystemInfos())
            {
                // In a worktree .git is a file.
                if (entry.Name == ".git" || ignored.IsMatch(entry.Name + (entry is DirectoryInfo ? "/" : "")))
                {
                    continue;
                }

                if (entry is DirectoryInfo)
                {
                    folders.Push(entry.FullName);
                }
                else
                {
                    yield return Path.GetRelativePath(root, entry.FullName).Replace('\\', '/');
                }
            }
        }
    }

    // The few forms our .gitignore uses: a name, a name with a star, a folder's name with a slash.
    private static Regex IgnorePatterns(string gitignore)
    {
        var patterns = File.ReadLines(gitignore)
            .Select(line => line.Trim())
            .Where(line => line.Length > 0 && !line.StartsWith('#'))
            .Select(line => Regex.Escape(line.TrimStart('/')).Replace("\\*", ".*", StringComparison.Ordinal));
        return new Regex($"^({string.Join('|', patterns)})$", RegexOptions.CultureInvariant);
    }
}

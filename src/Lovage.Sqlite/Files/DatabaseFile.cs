namespace Lovage.Sqlite.Files;

/// <summary>Finds, checks and creates the place of a database file.</summary>
internal static class DatabaseFile
{
    internal const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private const UnixFileMode FolderOwnerOnly = OwnerOnly | UnixFileMode.UserExecute;

    /// <summary>The path with every link among its folders followed, since SQLite is told to follow none.</summary>
    internal static string Resolve(string path)
    {
        var full = Path.GetFullPath(path);
        var folder = Path.GetDirectoryName(full);
        var name = Path.GetFileName(full);
        if (folder is null || name.Length == 0)
        {
            throw new StorageException(
                $"'{path}' names no file. Give the path of the database file.", isTransient: false);
        }

        return Path.Combine(ResolveFolder(new DirectoryInfo(folder), path), name);
    }

    /// <summary>
    /// Creates the last folder of a path, for its owner alone, when only that one is missing: a slip of the pen higher
    /// up stays an error.
    /// </summary>
    internal static void CreateFolder(string path)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path));
        if (folder is null || Directory.Exists(folder) || !Directory.Exists(Path.GetDirectoryName(folder)))
        {
            return;
        }

        try
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(folder);
            }
            else
            {
                Directory.CreateDirectory(folder, FolderOwnerOnly);
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new StorageException(
                $"The folder '{folder}' does not exist and cannot be created: {fault.Message}",
                isTransient: false,
                fault);
        }
    }

    /// <summary>What other users of the host could do to the file; null when they can do nothing.</summary>
    internal static string? LaxPlace(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return null;
        }

        var folder = Path.GetDirectoryName(path)!;
        var mode = File.GetUnixFileMode(folder);
        return (mode & UnixFileMode.OtherWrite) != 0 && (mode & UnixFileMode.StickyBit) == 0
            ? $"Every user of the host can write to the folder '{folder}', and so could replace the database and the "
                + "jobs in it. Take that right away (chmod o-w), or choose a folder of your own below it."
            : null;
    }

    /// <summary>Refuses a path that is no plain file.</summary>
    internal static void CheckPlace(string path)
    {
        RefuseLink(path);
        if (Directory.Exists(path))
        {
            throw new StorageException(
                $"'{path}' is a folder. Give the path of the database file.", isTransient: false);
        }
    }

    /// <summary>
    /// Creates the file, readable by its owner alone, when there is none. Needs the turnstile: closing a file that
    /// SQLite has open elsewhere in this process would drop SQLite's locks (https://www.sqlite.org/howtocorrupt.html,
    /// 2.2), so only a file that is still empty is opened here.
    /// </summary>
    internal static void Create(string path)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = FileShare.ReadWrite | FileShare.Delete,
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        try
        {
            var info = new FileInfo(path);
            if (info.Exists && info.Length > 0)
            {
                return;
            }

            using var file = new FileStream(path, options);
            if (!file.CanSeek)
            {
                throw new StorageException(
                    $"'{path}' is no plain file. Give the path of the database file.", isTransient: false);
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new StorageException(
                $"The SQLite file '{path}' cannot be opened: {fault.Message}", isTransient: false, fault);
        }
    }

    /// <summary>Refuses, for now, a file that its app has not made yet.</summary>
    internal static void RefuseMissing(string path)
    {
        if (new FileInfo(path) is not { Exists: true, Length: > 0 })
        {
            throw NotMadeYet(path);
        }
    }

    internal static StorageException NotMadeYet(string path) => new(
        $"The SQLite file '{path}' has no tables yet. With shared=true your app makes the file and its tables first, "
            + "with EF Core by MigrateAsync or EnsureCreatedAsync before the host starts; Lovage then adds its own.",
        isTransient: true);

    internal static void RefuseLink(string path)
    {
        if (new FileInfo(path).LinkTarget is { } target)
        {
            throw new StorageException(
                $"'{path}' is a symbolic link to '{target}'. Give the path of the file itself.", isTransient: false);
        }
    }

    private static string ResolveFolder(DirectoryInfo folder, string path)
    {
        if (!folder.Exists)
        {
            throw new StorageException(
                $"The folder of '{path}' does not exist. Create it, or choose another path.", isTransient: false);
        }

        var real = (DirectoryInfo?)folder.ResolveLinkTarget(returnFinalTarget: true) ?? folder;
        return real.Parent is null ? real.FullName : Path.Combine(ResolveFolder(real.Parent, path), real.Name);
    }
}

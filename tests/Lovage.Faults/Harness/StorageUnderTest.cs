namespace Lovage.Faults.Harness;

/// <summary>
/// A storage of its own for one test: how processes find it. It is inspected through Lovage itself, as every storage
/// is.
/// </summary>
public abstract class StorageUnderTest : IAsyncDisposable
{
    /// <summary>Its address, as in the settings.</summary>
    public abstract string Address { get; }

    /// <summary>Makes it anew.</summary>
    /// <param name="folder">The test's own folder, removed at its end.</param>
    public abstract ValueTask CreateAsync(string folder);

    public async ValueTask DisposeAsync()
    {
        await DropAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Removes what is not in the folder.</summary>
    protected abstract ValueTask DropAsync();
}

/// <summary>A SQLite file in the test's folder.</summary>
public sealed class SqliteUnderTest : StorageUnderTest
{
    private string _path = "";

    public override string Address => $"sqlite:{_path}";

    public override ValueTask CreateAsync(string folder)
    {
        _path = Path.Combine(folder, "lovage.db");
        return ValueTask.CompletedTask;
    }

    protected override ValueTask DropAsync() => ValueTask.CompletedTask;
}

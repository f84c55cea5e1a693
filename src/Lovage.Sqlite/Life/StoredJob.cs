namespace Lovage.Sqlite.Life;

/// <summary>A job as it stands in the file, held or not.</summary>
internal sealed class StoredJob
{
    internal required long Key { get; init; }

    /// <summary>The words of its name and its queue.</summary>
    internal required long Name { get; init; }

    internal required long Queue { get; init; }

    internal required long Priority { get; init; }

    /// <summary>Where it stands.</summary>
    internal required JobState State { get; init; }

    /// <summary>Its place while it is ready.</summary>
    internal required long Seq { get; init; }

    /// <summary>Its due time while it is delayed, in units of 100 ns since 1970.</summary>
    internal required long? Due { get; init; }

    /// <summary>True while a worker holds it.</summary>
    internal required bool IsHeld { get; init; }
}

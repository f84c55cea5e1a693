namespace Lovage.Sqlite;

/// <summary>How a commit is brought to the disk.</summary>
public enum SqliteSynchronous
{
    /// <summary>What was accepted survives a power cut. The default.</summary>
    Full = 0,

    /// <summary>
    /// What was accepted in the last moments may be lost in a power cut or a crash of the operating system, not in a
    /// crash of the application.
    /// </summary>
    Normal = 1,
}

/// <summary>Which file, and how it is used.</summary>
public sealed record SqliteStorageOptions
{
    /// <summary>
    /// The database file: a path of the file system, relative to the current folder or absolute. It is created,
    /// readable by its owner alone, when there is none. No default: it must be given.
    /// </summary>
    public required string Path { get; init; }

    /// <summary>
    /// True when the app has made the file and writes to it. Lovage adds its tables to it, all with the prefix
    /// <c>lovage_</c>. False by default: the file is Lovage's.
    /// </summary>
    /// <remarks>
    /// The app may then write with connections of its own, and jobs can join their transactions. Each writer waits for
    /// the other: a write transaction of the app that lasts longer than two fifths of a lease can cost leases.
    /// </remarks>
    public bool IsShared { get; init; }

    /// <summary>How a commit is brought to the disk; <see cref="SqliteSynchronous.Full"/> by default.</summary>
    public SqliteSynchronous Synchronous { get; init; }

    /// <summary>
    /// How long a transaction of <see cref="JobClient.BeginTransactionAsync"/> may be open before it is rolled back,
    /// 100 ms to 10 s; 5 s by default. No other call can write meanwhile, renewals of leases included.
    /// </summary>
    public TimeSpan TransactionLimit { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The clock: its wall time judges due times and expiry, its timestamps judge leases. The system's by default.
    /// </summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    internal static TimeSpan TransactionLimitMin => TimeSpan.FromMilliseconds(100);

    internal static TimeSpan TransactionLimitMax => TimeSpan.FromSeconds(10);

    /// <summary>
    /// The host's boot, within which timestamps of different processes can be compared; null to ask the host.
    /// </summary>
    internal string? BootId { get; init; }

    /// <summary>The size that the file may grow to, in pages; 0 for no bound.</summary>
    internal int PagesMax { get; init; }
}

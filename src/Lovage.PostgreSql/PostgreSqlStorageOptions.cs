namespace Lovage.PostgreSql;

/// <summary>What is done with the tables when a storage is opened.</summary>
public enum PostgreSqlMigration
{
    /// <summary>
    /// They are made where there are none; an older version is refused. The default: a first start needs nothing else,
    /// and a person decides about a change to tables that running processes use.
    /// </summary>
    Create = 0,

    /// <summary>
    /// They are made, and brought up to date when they are older. Processes of the older version go on as long as their
    /// version can work with the new tables (<c>readable_from</c>), so that a deploy can be rolled back.
    /// </summary>
    Always = 1,

    /// <summary>Nothing: older tables are refused. For users without the right to change tables.</summary>
    Never = 2,
}

/// <summary>How signals reach other processes.</summary>
public enum PostgreSqlHints
{
    /// <summary>
    /// By LISTEN and NOTIFY; behind a pooler such as PgBouncer by polling only. The default.
    /// </summary>
    Auto = 0,

    /// <summary>
    /// By polling only: nothing is sent and no connection listens. A worker finds jobs of other processes with its next
    /// poll (<c>Lovage:Worker:PollInterval</c>).
    /// </summary>
    Poll = 1,
}

/// <summary>Which database, and how it is used.</summary>
public sealed record PostgreSqlStorageOptions
{
    /// <summary>
    /// The connection string as Npgsql has it: <c>Host=db;Username=app;Password=...;Database=jobs</c>. No default: it
    /// must be given.
    /// </summary>
    public required string ConnectionString { get; init; }

    /// <summary>
    /// The schema with the tables: 1 to 48 characters of <c>a-z 0-9 _</c>, the first no digit; <c>lovage</c> by
    /// default. Apps with different schemas see nothing of each other.
    /// </summary>
    public string Schema { get; init; } = "lovage";

    /// <summary>
    /// What is done with the tables when the storage is opened; <see cref="PostgreSqlMigration.Create"/> by default.
    /// </summary>
    public PostgreSqlMigration Migration { get; init; }

    /// <summary>How signals reach other processes; <see cref="PostgreSqlHints.Auto"/> by default.</summary>
    public PostgreSqlHints Hints { get; init; }

    /// <summary>
    /// Calls of this process at the same time, each on a connection of its own, 1 to 100; 8 by default. More wait.
    /// Three connections come on top: for renewals, for signals, and for questions whether the server is there.
    /// </summary>
    public int CallsMax { get; init; } = 8;

    /// <summary>The most that <see cref="CallsMax"/> may be.</summary>
    internal const int CallsLimit = 100;

    /// <summary>
    /// Measures waits; the system's by default. The server's clock judges leases and due times.
    /// </summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>A clock in place of the server's; null to ask the server.</summary>
    internal TimeProvider? Clock { get; init; }

    /// <summary>
    /// The time by which receivers space their looks from the start: how long transactions take is a matter of the
    /// wire, whatever clock the jobs live by.
    /// </summary>
    internal TimeProvider Wire { get; init; } = TimeProvider.System;
}

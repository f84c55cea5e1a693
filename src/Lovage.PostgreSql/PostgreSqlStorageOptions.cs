namespace Lovage.PostgreSql;

/// <summary>What is done with the tables when a storage is opened.</summary>
public enum PostgreSqlMigration
{
    /// <summary>
    /// They are made where there are none; an older version is refused. The default: a first start needs nothing else,
    /// and a change to tables that running processes use is somebody's decision.
    /// </summary>
    Create = 0,

    /// <summary>
    /// They are made, and brought up to date when they are older. Processes of the older version are refused from then
    /// on.
    /// </summary>
    Always = 1,

    /// <summary>Nothing: what is not up to date is refused. For users without the right to change tables.</summary>
    Never = 2,
}

/// <summary>How other processes are told that there is something to do.</summary>
public enum PostgreSqlHints
{
    /// <summary>
    /// By LISTEN and NOTIFY, and by polling only where a pooler such as PgBouncer stands between. The default.
    /// </summary>
    Auto = 0,

    /// <summary>
    /// By polling only: nothing is sent and no connection listens. Jobs of other processes wait for the next look
    /// (<c>Lovage:Worker:PollInterval</c>).
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

    /// <summary>How other processes are told; <see cref="PostgreSqlHints.Auto"/> by default.</summary>
    public PostgreSqlHints Hints { get; init; }

    /// <summary>
    /// Measures waits; the system's by default. Leases and due times are judged by the server's clock.
    /// </summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>A clock in place of the server's; null to ask the server.</summary>
    internal TimeProvider? Clock { get; init; }

    /// <summary>
    /// By which looks for what was claimed long ago are spaced: how long transactions take is a matter of the wire,
    /// whatever clock the jobs live by.
    /// </summary>
    internal TimeProvider Wire { get; init; } = TimeProvider.System;
}

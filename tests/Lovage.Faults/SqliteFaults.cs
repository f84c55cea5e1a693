using Lovage.Faults.Harness;

namespace Lovage.Faults;

public sealed class SqliteKillFaults : KillFaults
{
    protected override StorageUnderTest NewStorage() => new SqliteUnderTest();
}

public sealed class SqlitePauseFaults : PauseFaults
{
    protected override StorageUnderTest NewStorage() => new SqliteUnderTest();
}

public sealed class SqliteShutdownFaults : ShutdownFaults
{
    protected override StorageUnderTest NewStorage() => new SqliteUnderTest();
}

public sealed class SqliteHandlerFaults : HandlerFaults
{
    protected override StorageUnderTest NewStorage() => new SqliteUnderTest();
}

public sealed class SqliteBlockingFaults : BlockingFaults
{
    protected override StorageUnderTest NewStorage() => new SqliteUnderTest();
}

public sealed class SqliteScheduleFaults : ScheduleFaults
{
    protected override StorageUnderTest NewStorage() => new SqliteUnderTest();
}

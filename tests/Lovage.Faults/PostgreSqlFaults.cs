using Lovage.Faults.Harness;

namespace Lovage.Faults;

public sealed class PostgreSqlKillFaults : KillFaults
{
    protected override StorageUnderTest NewStorage() => new PostgreSqlUnderTest();
}

public sealed class PostgreSqlPauseFaults : PauseFaults
{
    protected override StorageUnderTest NewStorage() => new PostgreSqlUnderTest();
}

public sealed class PostgreSqlShutdownFaults : ShutdownFaults
{
    protected override StorageUnderTest NewStorage() => new PostgreSqlUnderTest();
}

public sealed class PostgreSqlHandlerFaults : HandlerFaults
{
    protected override StorageUnderTest NewStorage() => new PostgreSqlUnderTest();
}

public sealed class PostgreSqlBlockingFaults : BlockingFaults
{
    protected override StorageUnderTest NewStorage() => new PostgreSqlUnderTest();
}

public sealed class PostgreSqlScheduleFaults : ScheduleFaults
{
    protected override StorageUnderTest NewStorage() => new PostgreSqlUnderTest();
}

public sealed class PostgreSqlServerFaults : ServerFaults
{
    protected override ServerUnderTest NewServer() => new PostgreSqlServerUnderTest();
}

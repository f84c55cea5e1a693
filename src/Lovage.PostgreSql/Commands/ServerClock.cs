using Lovage.Storage;

namespace Lovage.PostgreSql.Commands;

/// <summary>
/// Parameter 1 of the statements that read a clock: null, so that the server reads its own, or a test's time.
/// </summary>
/// <param name="clock">A clock in place of the server's; null for the server's own.</param>
internal sealed class ServerClock(TimeProvider? clock)
{
    /// <summary>In units of 100 ns since 1970; null for the server's own time.</summary>
    internal long? Now => clock is null ? null : StorageTime.From(clock.GetUtcNow());
}

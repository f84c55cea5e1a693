using Lovage.Storage;

namespace Lovage.Sqlite;

/// <summary>
/// Hints within this process, and "something changed" when another process has committed. The file itself tells the
/// other processes, so that nothing is sent.
/// </summary>
internal sealed class SqliteSignals : SignalBus
{
    internal void OthersWrote() => Dispatch(new Signal(SignalKind.Changed));
}

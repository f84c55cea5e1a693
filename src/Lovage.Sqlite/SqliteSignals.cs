using Lovage.Storage;

namespace Lovage.Sqlite;

/// <summary>
/// Hints within this process, and "something changed" when another process has committed: the file itself carries the
/// news, so there is nothing to send.
/// </summary>
internal sealed class SqliteSignals : SignalBus
{
    internal void OthersWrote() => Dispatch(new Signal(SignalKind.Changed));
}

using System.Diagnostics.CodeAnalysis;
using Lovage.Sqlite.Files;
using Lovage.Sqlite.Life;

namespace Lovage.Sqlite.Writing;

/// <summary>Decides when the log is moved to the database, and moves it. Belongs to the writer's thread.</summary>
internal sealed class Checkpoints
{
    private const int Frames = 6_000;
    private const int AgainFrames = 2_000;

    private int _next = Frames;

    /// <summary>True when the log has grown long.</summary>
    internal bool IsDue(WriteSession session) => session.Connection.WalFrames >= _next;

    /// <summary>Moves what it can. Needs the turnstile.</summary>
    internal void Run(WriteSession session)
    {
        var (frames, done) = session.Connection.Checkpoint();

        // A reader holds the rest back: the next try waits until the log has grown, not just for the next turn.
        _next = done >= frames ? Frames : frames + AgainFrames;
    }

    /// <summary>Moves what it can, in a turn of its own.</summary>
    [SuppressMessage(
        "Design", "CA1031", Justification = "A checkpoint that fails is tried again later; nothing is lost by it.")]
    internal void Run(WriteSession session, Turnstile turnstile)
    {
        try
        {
            turnstile.Enter();
            try
            {
                Run(session);
            }
            finally
            {
                turnstile.Exit();
            }
        }
        catch (Exception)
        {
            _next = Frames;
        }
    }
}

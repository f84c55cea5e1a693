namespace Lovage;

public sealed partial class ScheduleClient
{
    /// <summary>What the code of this process says; nothing by default.</summary>
    internal CodeSchedules Code { get; init; } = CodeSchedules.None;

    /// <summary>
    /// Gives a schedule another trigger. Its job and its options stay as they are, and a paused schedule stays paused.
    /// A late tick is recorded as missed.
    /// </summary>
    /// <param name="id">The schedule.</param>
    /// <param name="trigger">When. An interval without an anchor keeps its beat, or counts from now.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="ScheduleException">There is none.</exception>
    /// <exception cref="TriggerException">It would never fire.</exception>
    /// <exception cref="StorageException">The storage cannot take it now, or keeps no schedules.</exception>
    public async ValueTask<Schedule> SetTriggerAsync(
        string id, Trigger trigger, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(trigger);
        for (var tries = 0; tries < TriesMax; tries++)
        {
            var old = await ReadAsync(id, cancellationToken) ?? throw Unknown(id);
            if (await TryChangeAsync(old, trigger, old.Job, old.Policy, cancellationToken) is { } saved)
            {
                return saved;
            }
        }

        throw Contended(id);
    }

    /// <summary>
    /// Takes back what people have changed of a schedule that code defines: at once when this process has the code, else
    /// when the app that has it starts the next time.
    /// </summary>
    /// <param name="id">The schedule.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The schedule; <see cref="Schedule.IsEdited"/> is still true when its code is elsewhere.</returns>
    /// <exception cref="ScheduleException">There is none, or no code defines it.</exception>
    /// <exception cref="StorageException">The storage cannot take it now, or keeps no schedules.</exception>
    public async ValueTask<Schedule> RestoreAsync(string id, CancellationToken cancellationToken = default)
    {
        var marked = await ChangeAsync(
            id,
            (record, _) => record.App is null
                ? throw new ScheduleException(id, "no code defines it; it was added at run time.")
                : record.IsEdited ? record with { CodeDigest = CodeSchedules.RestoreMark } : record,
            cancellationToken);
        if (marked.IsEdited)
        {
            await Code.Restore(id, cancellationToken);
        }

        return await FindAsync(id, cancellationToken) ?? throw Unknown(id);
    }

    /// <summary>
    /// The trigger that the code of this process gives a schedule; null when it defines none of this id.
    /// </summary>
    /// <param name="id">The schedule.</param>
    public Trigger? CodeTrigger(string id) => Code.Find(id);
}

using Lovage.Protocol;
using Lovage.Scheduling;
using Lovage.Storage;

namespace Lovage;

/// <summary>Adds, changes and reads schedules while the app runs. Inject it anywhere.</summary>
/// <remarks>
/// Safe for use by several threads. When a method has returned, its change is stored, and every node follows it within
/// seconds. A schedule that an app's code defines can be changed here too: the change stays until that code's own
/// definition changes.
/// </remarks>
/// <example>
/// <code>
/// await schedules.SetAsync("digest", Cron.Parse("0 7 * * MON-FRI", "Europe/Rome"), MailJobs.Digest());
/// await schedules.AddAsync("cleanup", Every.Minutes(5), Job.Create("files.clean", "/tmp"));
///
/// foreach (var next in await schedules.NextTicksAsync("digest", 3))
/// {
///     Console.WriteLine(next);
/// }
///
/// await schedules.PauseAsync("cleanup", "the disk is being replaced");
/// await schedules.RunNowAsync("digest");
/// </code>
/// </example>
public sealed partial class ScheduleClient
{
    private const int TriesMax = 20;

    private readonly JobMessages _messages;
    private readonly StorageGate _gate;
    private readonly TriggerCache _triggers;
    private readonly JobLookup _jobs;
    private readonly ClientSettings _settings;
    private readonly SchedulerReport _report;
    private readonly IServiceProvider? _services;

    /// <param name="messages">Makes the messages that schedules keep.</param>
    /// <param name="gate">The way to the storage.</param>
    /// <param name="triggers">Reads triggers.</param>
    /// <param name="jobs">Finds jobs that were run by hand.</param>
    /// <param name="settings">How many schedules there may be.</param>
    /// <param name="report">Writes the log.</param>
    /// <param name="services">Builds filters; null for a scope of their own.</param>
    internal ScheduleClient(
        JobMessages messages, StorageGate gate, TriggerCache triggers, JobLookup jobs, ClientSettings settings,
        SchedulerReport report, IServiceProvider? services)
    {
        _messages = messages;
        _gate = gate;
        _triggers = triggers;
        _jobs = jobs;
        _settings = settings;
        _report = report;
        _services = services;
    }

    private ScheduleStore Store => _gate.Storage.RequireSchedules();

    /// <summary>Adds a schedule.</summary>
    /// <param name="id">Its id: 1 to 128 characters of <c>A-Z a-z 0-9 . _ : -</c>.</param>
    /// <param name="trigger">When. An interval without an anchor counts from now.</param>
    /// <param name="job">What each tick enqueues, without an id, a due time or a delay of its own. Its expiry counts
    /// from each tick.</param>
    /// <param name="options">How; null (the default) for the defaults.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="ScheduleException">There is one of this id, or there are too many
    /// (<c>Lovage:Limits:SchedulesMax</c>).</exception>
    /// <exception cref="TriggerException">It would never fire.</exception>
    /// <exception cref="ArgumentException">The id, the job or an option is not valid, or it is for every node: that
    /// needs code.</exception>
    /// <exception cref="BadArgumentsException">The job's arguments do not fit, or cannot be written as
    /// JSON.</exception>
    /// <exception cref="StorageException">The storage cannot take it now, or keeps no schedules.</exception>
    public async ValueTask<Schedule> AddAsync(
        string id,
        Trigger trigger,
        Job job,
        ScheduleOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        var definition = Define(id, trigger, job, options);
        var template = await ScheduleTemplate.MakeAsync(_messages, job, _services);
        return await TryAddAsync(definition, template, cancellationToken)
            ?? throw new ScheduleException(
                id, "there is one of this id already. Change it (SetAsync), or choose another id.");
    }

    /// <summary>
    /// Adds a schedule, or gives the one of this id another trigger, job and options. A paused schedule stays paused.
    /// With an unchanged trigger it goes on at the tick it stands at, so that a due tick is not lost. An interval
    /// without an anchor then keeps its beat. With another trigger, a late tick is recorded as missed.
    /// </summary>
    /// <inheritdoc cref="AddAsync"/>
    public async ValueTask<Schedule> SetAsync(
        string id,
        Trigger trigger,
        Job job,
        ScheduleOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        var definition = Define(id, trigger, job, options);
        var template = await ScheduleTemplate.MakeAsync(_messages, job, _services);
        for (var tries = 0; tries < TriesMax; tries++)
        {
            if (await Store.FindAsync(id, cancellationToken) is not { } record)
            {
                if (await TryAddAsync(definition, template, cancellationToken) is { } added)
                {
                    return added;
                }

                continue;
            }

            if (await TryChangeAsync(record, trigger, template, definition.Options.Policy(), cancellationToken)
                is { } saved)
            {
                return saved;
            }
        }

        throw Contended(id);
    }

    /// <summary>
    /// Removes a schedule and its history; jobs that it has enqueued stay. A schedule that an app's code defines comes
    /// back when that app starts again: pause it instead.
    /// </summary>
    /// <param name="id">The schedule.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>False when there is none.</returns>
    /// <exception cref="StorageException">The storage cannot be asked now, or keeps no schedules.</exception>
    public async ValueTask<bool> RemoveAsync(string id, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(id);
        return ScheduleDefinition.IsId(id) && await Store.RemoveAsync(id, cancellationToken);
    }

    /// <summary>
    /// Pauses a schedule: no tick of the pause fires later. Jobs that the schedule has enqueued run on.
    /// </summary>
    /// <param name="id">The schedule.</param>
    /// <param name="reason">Why, for the next person who reads the schedule.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="ScheduleException">There is none.</exception>
    /// <exception cref="StorageException">The storage cannot be asked now, or keeps no schedules.</exception>
    public ValueTask<Schedule> PauseAsync(string id, string reason, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(reason);
        return ChangeAsync(
            id, (record, _) => record with { State = ScheduleState.Paused, Reason = reason }, cancellationToken);
    }

    /// <summary>Lets a paused or broken schedule fire again, from its next tick after now.</summary>
    /// <param name="id">The schedule.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="ScheduleException">There is none.</exception>
    /// <exception cref="TriggerException">Its trigger cannot be computed here, or has no further tick.</exception>
    /// <exception cref="StorageException">The storage cannot be asked now, or keeps no schedules.</exception>
    public ValueTask<Schedule> ResumeAsync(string id, CancellationToken cancellationToken = default) =>
        ChangeAsync(
            id,
            (record, now) => record.State == ScheduleState.Active
                ? record
                : record with
                {
                    State = ScheduleState.Active,
                    Reason = null,
                    NextTick = ScheduleTicks.First(_triggers.Read(record.Trigger), now, record),
                },
            cancellationToken);

    /// <summary>
    /// Enqueues a schedule's job now, whatever the schedule's state. Its ticks do not change.
    /// </summary>
    /// <param name="id">The schedule.</param>
    /// <param name="cancellationToken">Gives up waiting; the job may be stored all the same.</param>
    /// <exception cref="ScheduleException">There is none.</exception>
    /// <exception cref="StorageException">The storage cannot take it now, or keeps no schedules.</exception>
    public async ValueTask<JobHandle> RunNowAsync(string id, CancellationToken cancellationToken = default)
    {
        var record = await ReadAsync(id, cancellationToken) ?? throw Unknown(id);
        var job = ScheduleTemplate.RunNow(_messages, id, record.Job, await Store.NowAsync(cancellationToken));
        return await Store.RunAsync(id, job, cancellationToken)
            ? new UntypedJobHandle(
                job.Id, _jobs, new PublishResult(PublishStatus.Accepted, job.Id, JobState.Queued))
            : throw Unknown(id);
    }

    /// <summary>Reads a schedule.</summary>
    /// <param name="id">The schedule.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Null when there is none.</returns>
    /// <exception cref="StorageException">The storage cannot be asked now, or keeps no schedules.</exception>
    public async ValueTask<Schedule?> FindAsync(string id, CancellationToken cancellationToken = default) =>
        await ReadAsync(id, cancellationToken) is { } record ? Schedule.Of(record, _triggers) : null;

    /// <summary>Reads schedules in the order of their ids.</summary>
    /// <param name="after">The last id of the page before; null (the default) for the first page.</param>
    /// <param name="limit">Schedules at the most, 1 to 1,000; 100 by default.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="StorageException">The storage cannot be asked now, or keeps no schedules.</exception>
    public async ValueTask<IReadOnlyList<Schedule>> ListAsync(
        string? after = null, int limit = 100, CancellationToken cancellationToken = default) =>
        [.. (await Store.ListAsync(after, limit, cancellationToken)).Select(
            record => Schedule.Of(record, _triggers))];

    /// <summary>Reads schedules as they are stored: for a reader who needs no triggers and no words.</summary>
    internal ValueTask<IReadOnlyList<ScheduleRecord>> RecordsAsync(int limit, CancellationToken cancellationToken) =>
        Store.ListAsync(null, limit, cancellationToken);

    /// <summary>Computes the next ticks of a schedule, as if it were not paused.</summary>
    /// <param name="id">The schedule.</param>
    /// <param name="count">Ticks at the most, 1 to 1,000.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="ScheduleException">There is none.</exception>
    /// <exception cref="TriggerException">Its trigger cannot be computed here.</exception>
    /// <exception cref="StorageException">The storage cannot be asked now, or keeps no schedules.</exception>
    public async ValueTask<IReadOnlyList<DateTimeOffset>> NextTicksAsync(
        string id, int count, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, 1_000);
        var record = await ReadAsync(id, cancellationToken) ?? throw Unknown(id);
        var trigger = _triggers.Read(record.Trigger);
        var now = await Store.NowAsync(cancellationToken);
        var ticks = new List<DateTimeOffset>(count);
        for (var tick = ScheduleTicks.AfterLast(trigger, now, record);
            tick is not null && ticks.Count < count;
            tick = trigger.NextAfter(tick.Value))
        {
            ticks.Add(tick.Value);
        }

        return ticks;
    }

    /// <summary>Reads the history of a schedule's ticks, newest first.</summary>
    /// <param name="id">The schedule.</param>
    /// <param name="limit">Lines at the most, 1 to 1,000; 100 by default.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Nothing for a schedule that the storage does not have.</returns>
    /// <exception cref="StorageException">The storage cannot be asked now, or keeps no schedules.</exception>
    public async ValueTask<IReadOnlyList<TickRecord>> GetHistoryAsync(
        string id, int limit = 100, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(id);
        return ScheduleDefinition.IsId(id) ? await Store.HistoryAsync(id, limit, cancellationToken) : [];
    }

    private static ScheduleDefinition Define(string id, Trigger trigger, Job job, ScheduleOptions? options)
    {
        var definition = new ScheduleDefinition(id, trigger, job, options);
        return definition.Options.Target == ScheduleTarget.Cluster
            ? definition
            : throw new ArgumentException(
                $"Schedule '{id}' is for every node, which needs code on every node: AddLovage().AddSchedule(...).",
                nameof(options));
    }

    private static ScheduleException Unknown(string id) =>
        new(id, "there is none of this id.") { IsMissing = true };

    /// <summary>Reads a schedule; a text that can be no id names none.</summary>
    private async ValueTask<ScheduleRecord?> ReadAsync(string id, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(id);
        return ScheduleDefinition.IsId(id) ? await Store.FindAsync(id, cancellationToken) : null;
    }

    private static ScheduleException Contended(string id) =>
        new(id, $"it was changed by others {TriesMax} times in a row, before this change could be stored. Try again.");

    private async ValueTask<Schedule?> TryAddAsync(
        ScheduleDefinition definition, JobMessage template, CancellationToken cancellationToken)
    {
        if (await Store.CountAsync(cancellationToken) >= _settings.SchedulesMax)
        {
            throw new ScheduleException(
                definition.Id,
                $"there are {_settings.SchedulesMax:N0} schedules, and no more may be (Lovage:Limits:SchedulesMax).");
        }

        var now = await Store.NowAsync(cancellationToken);
        var anchored = definition.Trigger.WithAnchor(now);
        return await SaveAsync(
            new ScheduleRecord
            {
                Id = definition.Id,
                Trigger = anchored.ToJson(),
                Job = template,
                Policy = definition.Options.Policy(),
                NextTick = ScheduleTicks.First(anchored, now, null),
            },
            cancellationToken);
    }

    /// <returns>Null when the schedule was changed meanwhile.</returns>
    private async ValueTask<Schedule?> TryChangeAsync(
        ScheduleRecord record,
        Trigger trigger,
        JobMessage template,
        SchedulePolicy policy,
        CancellationToken cancellationToken)
    {
        var change = new TriggerChange(Store, _triggers, _messages, _report);
        var now = await Store.NowAsync(cancellationToken);
        var anchored = trigger.WithAnchorsOf(_triggers.TryRead(record.Trigger, out _), now);
        var next = ScheduleTicks.First(anchored, now, record);
        if (await change.CloseAsync(record, anchored.ToJson(), now, cancellationToken))
        {
            return null;
        }

        return await SaveAsync(
            record with
            {
                Trigger = anchored.ToJson(),
                Job = template,
                Policy = policy,
                IsEdited = record.App is not null,
                NextTick = next,
                State = record.State == ScheduleState.Paused ? ScheduleState.Paused : ScheduleState.Active,
                Reason = record.State == ScheduleState.Paused ? record.Reason : null,
            },
            cancellationToken);
    }

    private async ValueTask<Schedule> ChangeAsync(
        string id, Func<ScheduleRecord, DateTimeOffset, ScheduleRecord> change, CancellationToken cancellationToken)
    {
        for (var tries = 0; tries < TriesMax; tries++)
        {
            var record = await ReadAsync(id, cancellationToken) ?? throw Unknown(id);
            if (await SaveAsync(change(record, await Store.NowAsync(cancellationToken)), cancellationToken)
                is { } saved)
            {
                return saved;
            }
        }

        throw Contended(id);
    }

    private async ValueTask<Schedule?> SaveAsync(ScheduleRecord record, CancellationToken cancellationToken) =>
        await Store.SaveAsync(record, cancellationToken) is null
            ? null
            : await FindAsync(record.Id, cancellationToken);
}

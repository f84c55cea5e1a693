using System.Security.Cryptography;
using System.Text;
using Lovage.Protocol;
using Lovage.Scheduling;
using Lovage.Storage;

namespace Lovage;

/// <summary>
/// Compares the schedules in the app's code with the storage, once, when the app starts. The digest of a definition
/// tells a new version of the code from an operator's edit: the first wins over the second, a start without one leaves
/// the edit alone.
/// </summary>
/// <remarks>
/// A schedule belongs to the catalog that defines it, or to the app whose code adds it. Every process that adds the
/// catalog compares it, and finds the definition that it has itself. A process whose code is older than the code that
/// has stored a schedule of the same owner leaves all schedules of that owner as they are.
/// </remarks>
/// <param name="messages">Makes the jobs' messages.</param>
/// <param name="store">Where the schedules are.</param>
/// <param name="triggers">Reads stored triggers.</param>
/// <param name="definitions">The schedules of this process's code.</param>
/// <param name="owners">This app and the catalogs that it has added, with and without schedules, each with the version
/// of its code.</param>
/// <param name="report">Writes the log.</param>
internal sealed class ScheduleSync(
    JobMessages messages, ScheduleStore store, TriggerCache triggers, IReadOnlyList<OwnedSchedule> definitions,
    IReadOnlyDictionary<string, CodeVersion?> owners, SchedulerReport report)
{
    private const int TriesMax = 20;

    /// <summary>
    /// Stands before the digest of a definition whose code is gone: who resumes the schedule then keeps it, and no
    /// later start pauses it again.
    /// </summary>
    private const string GoneMark = "gone:";

    private readonly TriggerChange _change = new(store, triggers, messages, report);

    /// <summary>Owners whose schedules newer code has stored.</summary>
    private readonly HashSet<string> _newer = new(StringComparer.Ordinal);

    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        await FindNewerAsync(cancellationToken);
        foreach (var (definition, owner) in definitions)
        {
            try
            {
                if (!_newer.Contains(owner))
                {
                    await KeepAsync(definition, owner, cancellationToken);
                }
            }
            catch (Exception fault) when (fault is not (StorageException or OperationCanceledException))
            {
                // One that cannot be used must not keep the others from it.
                report.Refused(definition.Id, fault.Message);
            }
        }

        await PauseGoneAsync(cancellationToken);
        report.Compared(definitions.Count);
    }

    /// <summary>Stores one schedule as the code defines it, unless newer code has stored it.</summary>
    internal async Task RestoreAsync(string id, CancellationToken cancellationToken)
    {
        await FindNewerAsync(cancellationToken);
        foreach (var (definition, owner) in definitions)
        {
            if (definition.Id == id && !_newer.Contains(owner))
            {
                await KeepAsync(definition, owner, cancellationToken);
            }
        }
    }

    private static string Gone(string? owner) =>
        $"Its code is gone: '{owner}' no longer defines it. Remove it, or resume it to keep it without code.";

    private static bool IsGone(ScheduleRecord stored) =>
        stored.CodeDigest?.StartsWith(GoneMark, StringComparison.Ordinal) == true;

    /// <summary>Finds the owners of whose code this process has an older version.</summary>
    private async Task FindNewerAsync(CancellationToken cancellationToken)
    {
        var newest = new Dictionary<string, CodeVersion>(StringComparer.Ordinal);
        await foreach (var record in store.AllAsync(cancellationToken))
        {
            if (IsFromNewer(record))
            {
                var version = CodeVersion.TryParse(record.CodeVersion)!;
                if (CodeVersion.IsOlder(newest.GetValueOrDefault(record.App!), version))
                {
                    newest[record.App!] = version;
                }
            }
        }

        foreach (var (owner, version) in newest)
        {
            LeaveToNewer(owner, version.Text);
        }
    }

    private void LeaveToNewer(string owner, string version)
    {
        if (_newer.Add(owner))
        {
            report.LeftToNewer(owner, version, owners[owner]?.Text);
        }
    }

    private bool IsFromNewer(ScheduleRecord stored) =>
        stored.App is { } owner
            && owners.TryGetValue(owner, out var ours)
            && CodeVersion.IsOlder(ours, CodeVersion.TryParse(stored.CodeVersion));

    private async Task KeepAsync(ScheduleDefinition definition, string owner, CancellationToken cancellationToken)
    {
        var template = await ScheduleTemplate.MakeAsync(messages, definition.Job, null);
        var policy = definition.Options.Policy();
        var digest = Digest(definition.Trigger, template, policy);
        for (var tries = 0; tries < TriesMax; tries++)
        {
            var stored = await store.FindAsync(definition.Id, cancellationToken);
            if (stored is not null && stored.App == owner && IsFromNewer(stored))
            {
                // A node of the newer code has started in the meantime.
                LeaveToNewer(owner, stored.CodeVersion!);
                return;
            }

            if (stored?.CodeDigest == digest)
            {
                // As defined here, or by another app whose code is the same.
                if (await IsStampedAsync(stored, owner, cancellationToken))
                {
                    await TellIfNeverAsync(stored, cancellationToken);
                    return;
                }

                continue;
            }

            if (stored is not null && stored.App != owner && !IsGone(stored))
            {
                report.Refused(definition.Id, stored.App is null
                    ? "one of this id was added at run time. Remove that one, or choose another id."
                    : $"it belongs to '{stored.App}', which defines it otherwise. Choose another id. If '{owner}' is "
                        + $"the new name of '{stored.App}', set Lovage:App to the old name, or remove the schedule "
                        + "once.");
                return;
            }

            var now = await store.NowAsync(cancellationToken);
            var isBack = stored?.CodeDigest == GoneMark + digest;
            var record = isBack
                ? stored! with { App = owner, CodeDigest = digest, CodeVersion = owners[owner]?.Text }
                : Defined(definition, owner, template, policy, digest, stored, now);
            var anchored = triggers.Read(record.Trigger);
            if (await _change.CloseAsync(stored, record.Trigger, now, cancellationToken))
            {
                continue;
            }

            var next = ScheduleTicks.Next(anchored, now, stored);
            if (stored is not { State: ScheduleState.Paused } || stored.Reason == Gone(stored.App))
            {
                record = record with
                {
                    State = next is null ? ScheduleState.Ended : ScheduleState.Active,
                    Reason = null,
                };
            }

            if (await store.SaveAsync(record with { NextTick = next }, cancellationToken) is not null)
            {
                report.Synced(definition.Id, stored is null ? $"added, {anchored.Describe()}"
                    : isBack ? "its code is back"
                    : $"changed by this app's code, {anchored.Describe()}");
                if (next is null)
                {
                    report.NeverFires(definition.Id, ScheduleTicks.WhyNone(anchored, now));
                }

                return;
            }
        }

        throw new StorageException(
            $"Schedule '{definition.Id}' was changed by others {TriesMax} times in a row while this app compared it "
                + "with its code.",
            isTransient: true);
    }

    private ScheduleRecord Defined(
        ScheduleDefinition definition,
        string owner,
        JobMessage template,
        SchedulePolicy policy,
        string digest,
        ScheduleRecord? stored,
        DateTimeOffset now)
    {
        // An interval keeps its beat, even when the code changes its period.
        var known = stored is null ? null : triggers.TryRead(stored.Trigger, out _);
        var trigger = definition.Trigger.WithAnchorsOf(known, (known as IntervalTrigger)?.Anchor ?? now).ToJson();
        var record = stored
            ?? new ScheduleRecord { Id = definition.Id, Trigger = trigger, Job = template, Policy = policy };
        return record with
        {
            Trigger = trigger,
            Job = template,
            Policy = policy,
            App = owner,
            CodeDigest = digest,
            CodeVersion = owners[owner]?.Text,
            IsEdited = false,
        };
    }

    /// <summary>
    /// Notes the newer version of an unchanged definition, so that a node with code from between leaves it alone.
    /// </summary>
    /// <returns>False when another node or a person has just changed the schedule.</returns>
    private async ValueTask<bool> IsStampedAsync(
        ScheduleRecord stored, string owner, CancellationToken cancellationToken) =>
        stored.App != owner
            || !CodeVersion.IsOlder(CodeVersion.TryParse(stored.CodeVersion), owners[owner])
            || await store.SaveAsync(
                stored with { CodeVersion = owners[owner]!.Text }, cancellationToken) is not null;

    /// <summary>Says again at each start that a schedule has never had a tick.</summary>
    private async ValueTask TellIfNeverAsync(ScheduleRecord stored, CancellationToken cancellationToken)
    {
        if (stored is not { State: ScheduleState.Ended, LastTick: null })
        {
            return;
        }

        var now = await store.NowAsync(cancellationToken);
        if (triggers.TryRead(stored.Trigger, out _) is { } trigger && trigger.NextAfter(now) is null)
        {
            report.NeverFires(stored.Id, ScheduleTicks.WhyNone(trigger, now));
        }
    }

    private async Task PauseGoneAsync(CancellationToken cancellationToken)
    {
        var ours = definitions.Select(static owned => owned.Definition.Id).ToHashSet(StringComparer.Ordinal);
        await foreach (var record in store.AllAsync(cancellationToken))
        {
            // A version that is no longer the stored one means that another node or a person has just changed it.
            if (record.App is { } owner
                && owners.ContainsKey(owner)
                && !_newer.Contains(owner)
                && !IsFromNewer(record)
                && record.State != ScheduleState.Paused
                && !IsGone(record)
                && !ours.Contains(record.Id)
                && await store.SaveAsync(record with
                {
                    State = ScheduleState.Paused,
                    Reason = Gone(record.App),
                    CodeDigest = GoneMark + record.CodeDigest,
                    CodeVersion = owners[owner]?.Text,
                }, cancellationToken) is not null)
            {
                report.Synced(record.Id, "paused, because its code is gone");
            }
        }
    }

    private static string Digest(Trigger trigger, JobMessage job, SchedulePolicy policy)
    {
        var text = new StringBuilder();
        text.Append(trigger.ToJson())
            .Append('\n')
            .Append(job.Name)
            .Append('\n')
            .Append(job.Queue)
            .Append('\n')
            .Append(job.Priority)
            .Append('\n')
            .Append(job.MaxAttempts)
            .Append('\n')
            .Append(job.Expires?.UtcTicks)
            .Append('\n')
            .Append(Encoding.UTF8.GetString(job.Body.Span))
            .Append('\n')
            .Append(policy.Misfire)
            .Append(' ')
            .Append(policy.Grace)
            .Append(' ')
            .Append(policy.CatchUpMax)
            .Append(' ')
            .Append(policy.Overlap)
            .Append(' ')
            .Append(policy.OverlapMax)
            .Append(' ')
            .Append(policy.Jitter);
        foreach (var (name, value) in job.Headers.OrderBy(static pair => pair.Key, StringComparer.Ordinal))
        {
            text.Append('\n').Append(name).Append('=').Append(value);
        }

        foreach (var tag in job.Tags)
        {
            text.Append('\n').Append(tag);
        }

        foreach (var sensitive in job.SensitiveParameters)
        {
            text.Append('\n').Append(sensitive);
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }
}

/// <summary>A schedule of this process's code.</summary>
/// <param name="Definition">The schedule.</param>
/// <param name="Owner">The name under which the storage keeps it.</param>
internal readonly record struct OwnedSchedule(ScheduleDefinition Definition, string Owner);

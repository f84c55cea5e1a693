using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Lovage.Redis.Connections;
using Lovage.Redis.Keys;
using Lovage.Redis.Reading;
using Lovage.Redis.Texts;
using Lovage.Storage;
using StackExchange.Redis;

namespace Lovage.Redis.Writing;

/// <summary>
/// One change of a job that was read, for <c>change.lua</c>: it is carried out only when the job is still as it was.
/// </summary>
internal sealed class Change
{
    private readonly StoredJob _job;
    private readonly char _action;

    private Change(StoredJob job, char action) => (_job, _action) = (job, action);

    private Front? Front { get; init; }

    private ReadOnlyMemory<byte> Rest { get; init; }

    private string Time { get; init; } = "";

    private JobState? Ended { get; init; }

    private string Flags { get; init; } = "";

    private ReadOnlyMemory<byte> Record { get; init; }

    private AttemptRecord? Attempt { get; init; }

    private IReadOnlyDictionary<string, string>? Apart { get; init; }

    /// <summary>The job, when the change ends it.</summary>
    internal EndedJob? EndedJob { get; private init; }

    /// <summary>True when the job is an orphan afterwards.</summary>
    internal bool MakesOrphan { get; private init; }

    /// <summary>A worker holds it: keeps the request.</summary>
    internal static Change RequestCancel(StoredJob job, string? reason) =>
        new(job, 'W') { Apart = new Dictionary<string, string> { [""] = WishText.Write(reason) } };

    internal static Change Delete(StoredJob job) => new(job, 'X');

    /// <summary>Puts an ended job back as if it were new.</summary>
    internal static Change Requeue(StoredJob job, RedisServer server, DateTimeOffset now)
    {
        var message = job.Element.Message with
        {
            Retries = 0,
            Delay = TimeSpan.Zero,
            Eta = null,
            Expires = job.Element.Message.Expires <= now ? null : job.Element.Message.Expires,
        };
        var apart = new Dictionary<string, string>(StringComparer.Ordinal) { ["k"] = job.SettledStamp };
        if (job.Worker is { } worker)
        {
            apart["w"] = worker;
        }

        if (job.StartedAt is { } started)
        {
            apart["t"] = StorageTime.From(started).ToString(CultureInfo.InvariantCulture);
        }

        var front = (job.Front with { Attempts = job.Attempts, Deaths = 0, ExpiresAt = null }).WithoutOffers()
            .Without(Front.Orphan, Front.Delayed, Front.EtaIsDelay)
            .With(Front.Apart);
        return new Change(job, 'B')
        {
            Front = front,
            Rest = Element.Rest(message, server.Clock),
            Flags = "nr",
            Attempt = job.PlainAttempt,
            Apart = apart,
        };
    }

    /// <summary>Makes a delayed job ready.</summary>
    internal static Change RunNow(StoredJob job) => new(job, 'B') { Front = job.Front.With(Front.Delayed) };

    internal static Change Move(StoredJob job, JobMove target, RedisServer server)
    {
        var message = job.Element.Message with
        {
            Queue = target.Queue ?? job.Element.Message.Queue,
            Priority = target.Priority ?? job.Element.Message.Priority,
        };
        var front = job.Front with
        {
            Queue = message.Queue,
            Step = server.Names.StepOf(message.Priority),
        };
        var isReady = job.Front.State == 'q';
        return new Change(job, isReady ? 'B' : 'D')
        {
            Front = front,
            Rest = Element.Rest(message, server.Clock),
            Time = job.Front.ReadyAt.ToString(CultureInfo.InvariantCulture),
            Flags = "m",
        };
    }

    /// <summary>Ends a job that no worker holds.</summary>
    internal static Change End(StoredJob job, JobState state, string? reason, DateTimeOffset now) => new(job, 'E')
    {
        Front = job.Front with { Attempts = job.Attempts },
        Ended = state,
        Flags = Kept(job.Apart).Count > 0 ? "x" : "",
        Record = RecordText.Of(job.Id, state, reason, now, job.Worker, job.StartedAt),
        Apart = Kept(job.Apart),
        EndedJob = new EndedJob(job.Id, job.Element.Message.Name, state, reason),
    };

    /// <summary>Ends a claim without an outcome: the job goes where the plan says.</summary>
    /// <param name="job">The job, as it was read.</param>
    /// <param name="end">What is kept of its attempt, when its start is known.</param>
    /// <param name="state">Where it stands then.</param>
    /// <param name="reason">Why.</param>
    /// <param name="now">The present.</param>
    /// <param name="front">The front with what the plan changes.</param>
    internal static Change Return(
        StoredJob job, AttemptEnd end, JobState state, string? reason, DateTimeOffset now, Front front)
    {
        var apart = Kept(job.Apart);
        if (job.HasStarted)
        {
            apart["w"] = job.Owner;
            apart["t"] = StorageTime.From(job.StartedAt ?? now).ToString(CultureInfo.InvariantCulture);
            front = (front with { Attempts = job.Attempts }).WithoutOffers();
        }
        else
        {
            Copy(job, apart, "w", "t", "r", "a");
        }

        return Finish(job, Lost(job, end, now), state, reason, now, front, apart);
    }

    /// <summary>Declines an offer: the job waits for its next one, or ends.</summary>
    internal static Change Decline(
        StoredJob job, JobState state, string? reason, DateTimeOffset now, Front front, string asked, TimeSpan delay)
    {
        var apart = Kept(job.Apart);
        Copy(job, apart, "w", "t");
        apart["a"] = asked;
        if (reason is not null)
        {
            apart["r"] = reason;
        }

        var change = Finish(job, Lost(job, AttemptEnd.Interrupted, now), state, reason, now, front, apart);
        return state.IsFinal
            ? change
            : new Change(job, 'D')
            {
                Front = change.Front! with { State = 's' },
                Time = "+" + RedisTime.From(delay).ToString(CultureInfo.InvariantCulture),
                Attempt = change.Attempt,
                Apart = change.Apart,
            };
    }

    internal void AddTo(RedisArguments arguments)
    {
        arguments.Add(Fields.Join(
            _job.Id.Value,
            _job.Front.Sequence,
            _job.Stamp,
            _action,
            Time,
            Ended is { } ended ? States.Letter(ended) : null,
            Flags));
        arguments.Add(_job.Notes);
        arguments.Add(_job.RecordFront);
        arguments.Add(Front?.ToString() ?? "");
        arguments.Add(Rest);
        arguments.Add(Record);
        arguments.Add(RedisValue.EmptyString);
        arguments.Add(Attempt is null ? RedisValue.EmptyString : AttemptText.Write(Attempt));
        arguments.Add(Apart is null ? "" : _action == 'W' ? Apart[""] : Json(Apart));
    }

    private static Change Finish(
        StoredJob job,
        AttemptRecord? attempt,
        JobState state,
        string? reason,
        DateTimeOffset now,
        Front front,
        Dictionary<string, string> apart)
    {
        front = apart.Count > 0 ? front.With(Front.Apart) : front.Without(Front.Apart);
        return state.IsFinal
            ? new Change(job, 'E')
            {
                Front = front,
                Ended = state,
                Flags = apart.Count > 0 ? "x" : "",
                Record = RecordText.Of(job.Id, state, reason, now, job.Worker, job.StartedAt),
                Attempt = attempt,
                Apart = apart,
                EndedJob = new EndedJob(job.Id, job.Element.Message.Name, state, reason),
            }
            : new Change(job, 'F')
            {
                Front = front,
                Attempt = attempt,
                Apart = apart,
                MakesOrphan = front.Has(Front.Orphan),
            };
    }

    private static AttemptRecord? Lost(StoredJob job, AttemptEnd end, DateTimeOffset now)
    {
        if (!job.HasStarted)
        {
            return null;
        }

        var startedAt = job.StartedAt ?? now;
        return new AttemptRecord
        {
            Number = job.Attempts,
            End = end,
            StartedAt = startedAt,
            Duration = now > startedAt ? now - startedAt : TimeSpan.Zero,
            Worker = job.Owner,
        };
    }

    /// <summary>The error, its cause and the newest outcome outlive a claim.</summary>
    private static Dictionary<string, string> Kept(IReadOnlyDictionary<string, string> apart) =>
        apart.Where(static pair => pair.Key is "e" or "c" or "k")
            .ToDictionary(static pair => pair.Key, static pair => pair.Value, StringComparer.Ordinal);

    private static void Copy(StoredJob job, Dictionary<string, string> apart, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (job.Apart.TryGetValue(name, out var value))
            {
                apart[name] = value;
            }
        }
    }

    private static string Json(IReadOnlyDictionary<string, string> apart)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            foreach (var (name, value) in apart)
            {
                json.WriteString(name, value);
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}

/// <summary>
/// Reads jobs, decides in C#, and writes: again for each job that another process changed in between.
/// </summary>
internal static class Changes
{
    /// <summary>Others win at most so often in a row; a job that never stands still is left as it is.</summary>
    private const int TriesMax = 20;

    /// <summary>Changes jobs.</summary>
    /// <param name="server">The server.</param>
    /// <param name="ids">Which, each once.</param>
    /// <param name="decide">The change of a job as it is now; null leaves it.</param>
    /// <param name="done">Called for each job once its change is made, or once it is left.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    internal static async Task RunAsync(
        RedisServer server,
        IReadOnlyList<JobId> ids,
        Func<StoredJob, Change?> decide,
        Action<JobId, StoredJob?, Change?> done,
        CancellationToken cancellationToken)
    {
        var open = ids;
        for (var tries = 0; open.Count > 0 && tries < TriesMax; tries++)
        {
            var jobs = await StoredJob.FindAsync(server, open, cancellationToken);
            var changes = new List<(JobId Id, StoredJob Job, Change Change)>();
            for (var i = 0; i < jobs.Length; i++)
            {
                if (jobs[i] is { } job && decide(job) is { } change)
                {
                    changes.Add((open[i], job, change));
                }
                else
                {
                    done(open[i], jobs[i], null);
                }
            }

            if (changes.Count == 0)
            {
                return;
            }

            var arguments = server.Arguments(changes.Count * 9);
            changes.ForEach(change => change.Change.AddTo(arguments));
            var answers = (await server.RunAsync(RedisScript.Change, arguments, cancellationToken)).Values();
            var left = new List<JobId>();
            for (var i = 0; i < answers.Length; i++)
            {
                if (answers[i] == 1)
                {
                    done(changes[i].Id, changes[i].Job, changes[i].Change);
                }
                else
                {
                    left.Add(changes[i].Id);
                }
            }

            open = left;
        }

        if (open.Count > 0)
        {
            throw new StorageException(
                $"The storage {server.Description} changed the same job {TriesMax} times while this call looked at it; "
                    + "the call can be repeated.",
                isTransient: true);
        }
    }
}

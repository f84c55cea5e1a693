using System.Collections.Immutable;
using System.Globalization;
using Lovage.Generated;
using Lovage.Protocol;
using Lovage.Storage;

namespace Lovage.Bench;

/// <summary>
/// Fills a storage by its own calls, as some weeks of an app would: 50 names, 8 queues and a rare one, 20 workers, 3 %
/// failures of 12 causes, tags on 5 %, trees, 1,000 schedules.
/// </summary>
internal sealed class ConsoleData(JobStorage storage, ConsoleClock clock, int jobs)
{
    internal const int Waiting = 2_000;
    internal const int Running = 200;
    internal const int Schedules = 1_000;
    internal const string RareName = "jobs.rare";
    internal const string RareQueue = "rare";

    private const int Batch = 1_000;
    private const int SweepEvery = 20;
    private const int NameCount = 50;
    private const int QueueCount = 8;
    private const int WorkerCount = 20;
    private const int CauseCount = 12;

    private static readonly string[] Queues =
        [.. Enumerable.Range(0, QueueCount).Select(QueueOf), RareQueue];

    private static readonly JobError[] Causes =
    [
        .. Enumerable.Range(0, CauseCount).Select(static i => new JobError(
            $"Shop.Fault{i % 4}Exception",
            "It broke.",
            $"   at System.Net.Http.HttpClient.SendAsync()\n   at Shop.Part{i}.RunAsync(String order) in P.cs:line 7")),
    ];

    private readonly Random _random = new(1);
    private readonly JobIdSource _ids = new(TimeProvider.System);
    private readonly JobSerializer _serializer = new();
    private readonly List<JobId> _roots = [];
    private readonly List<Delivery> _held = [];

    /// <summary>The root of a tree of about a hundred jobs.</summary>
    internal string Root => _roots[_roots.Count / 2].Value;

    /// <summary>The job that some other was made from.</summary>
    internal string Edited { get; private set; } = "";

    internal static string NameOf(int number) => Text("jobs.name-", number);

    internal static string QueueOf(int number) => Text("queue-", number);

    internal static WorkerOwner WorkerOf(int number) => new("bench", "0", 1_000 + number, 0, Text("w", number));

    internal static string CauseOf(int number, string name) => Causes[number].Fingerprint(name);

    internal async Task FillAsync()
    {
        JobReceiver[] receivers =
        [
            .. Enumerable.Range(0, WorkerCount).Select(i =>
                storage.Broker.OpenReceiver(WorkerOf(i), Queues, TimeSpan.FromMinutes(5))),
        ];
        for (var done = 0; done < jobs; done += Batch)
        {
            clock.Reach((double)done / jobs);
            await storage.Broker.PublishAsync([.. Enumerable.Range(done, Batch).Select(Message)], default);
            await SettleAsync(receivers[done / Batch % WorkerCount], (done / Batch) % WorkerCount);
            if (done / Batch % SweepEvery == 0)
            {
                await SweepAsync();
            }
        }

        while (await SettleAsync(receivers[0], 0) > 0)
        {
        }

        clock.Reach(1);
        await LeaveSomeAsync(receivers[3]);
        await ScheduleAsync();
        await SweepAsync();
        foreach (var receiver in receivers)
        {
            await receiver.DisposeAsync();
        }
    }

    /// <summary>What each worker does every few seconds: a storage may sum up then what it has counted.</summary>
    private async Task SweepAsync() => await storage.Broker.ReclaimAsync([], 1, default);

    private static string ScheduleOf(int number) => Text("daily-", number);

    private static string Text(string prefix, int number) =>
        string.Create(CultureInfo.InvariantCulture, $"{prefix}{number}");

    private JobMessage Message(int number)
    {
        var kind = _random.Next(NameCount);
        var id = _ids.Next();
        var headers = ImmutableDictionary<string, string>.Empty;
        if (number % 200 == 7)
        {
            headers = headers.Add("lovage_schedule", number % 50_000 == 7 ? "rare" : "nightly");
        }

        if (number % 200 == 107)
        {
            headers = headers.Add("lovage_schedule", ScheduleOf(number / 200 % Schedules));
        }

        if (number % 5_000 == 9 && _roots.Count > 0)
        {
            Edited = _roots[^1].Value;
            headers = headers.Add("lovage_edited_from", Edited);
        }

        if (number % 5_000 == 0)
        {
            _roots.Add(id);
        }

        return new JobMessage
        {
            Id = id,
            Name = number % 10_000 == 5 ? RareName : NameOf(kind),
            Queue = number % 10_000 == 6 ? RareQueue : QueueOf(kind % QueueCount),
            Priority = _random.Next(3),
            Origin = "bench@host",
            Body = JobBody.Encode("jobs", JobArguments.Of([number, $"customer {number % 997}"]), _serializer),
            Tags = number % 20 == 1
                ? [Text("customer:", number % 1_000), number % 100 == 1 ? "campaign:spring" : "campaign:none"]
                : [],
            RootId = number % 50 == 3 ? _roots[^1].Value : null,
            Headers = headers,
        };
    }

    private async Task ScheduleAsync()
    {
        for (var i = 0; i < Schedules && storage.Schedules is { } schedules; i++)
        {
            await schedules.SaveAsync(
                new ScheduleRecord
                {
                    Id = ScheduleOf(i),
                    Trigger = Cron.Parse("0 3 * * *").ToJson(),
                    Job = new JobMessage
                    {
                        Id = _ids.Next(),
                        Name = NameOf(i % NameCount),
                        Queue = QueueOf(i % QueueCount),
                        Origin = "bench@host",
                        Body = JobBody.Encode("jobs", JobArguments.Of([i]), _serializer),
                    },
                    Policy = new SchedulePolicy(),
                    NextTick = clock.GetUtcNow() + TimeSpan.FromDays(1),
                },
                default);
        }
    }

    private async Task<int> SettleAsync(JobReceiver receiver, int worker)
    {
        var deliveries = (await receiver.ReceiveAsync(Batch, TimeSpan.Zero, default)).Deliveries;
        if (deliveries.Count > 0)
        {
            await storage.Store.SettleAsync([.. deliveries.Select(delivery => Outcome(delivery, worker))], default);
        }

        return deliveries.Count;
    }

    private Settlement Outcome(Delivery delivery, int worker)
    {
        var chance = _random.Next(1_000);
        var decision = chance < 25 ? JobDecision.Fail : chance < 30 ? JobDecision.Retry : JobDecision.Succeed;
        return new Settlement
        {
            Token = delivery.Token,
            Id = delivery.Message.Id,
            Decision = decision,
            Result = decision == JobDecision.Succeed ? "null"u8.ToArray() : default,
            Attempt = new AttemptRecord
            {
                Number = delivery.AttemptsSoFar + 1,
                End = decision == JobDecision.Succeed ? AttemptEnd.Succeeded : AttemptEnd.Failed,
                StartedAt = clock.GetUtcNow(),
                Wait = TimeSpan.FromMilliseconds(_random.Next(1, 5_000)),
                Duration = TimeSpan.FromMilliseconds(_random.Next(1, 2_000)),
                Worker = WorkerOf(worker).Key,
                Error = decision == JobDecision.Succeed ? null : Causes[_random.Next(CauseCount)],
            },
        };
    }

    /// <summary>Leaves jobs that wait, run, or are delayed.</summary>
    private async Task LeaveSomeAsync(JobReceiver receiver)
    {
        for (var left = Waiting; left > 0; left -= Batch)
        {
            await storage.Broker.PublishAsync(
                [.. Enumerable.Range(0, Batch).Select(i => Message(i) with
                {
                    Delay = i % 4 == 0 ? TimeSpan.FromDays(1) : default,
                })],
                default);
        }

        _held.AddRange((await receiver.ReceiveAsync(Running, TimeSpan.Zero, default)).Deliveries);
        await storage.Store.RecordStartsAsync(
            [.. _held.Select(d => new JobStart(d.Token, d.Message.Id, clock.GetUtcNow(), Ahead: false))], default);
    }
}

/// <summary>A clock whose wall time runs from some days ago to now while a storage is filled.</summary>
internal sealed class ConsoleClock : TimeProvider
{
    private static readonly TimeSpan Back = TimeSpan.FromHours(50);

    /// <summary>Longer than the console keeps any reading.</summary>
    private static readonly TimeSpan Skipped = TimeSpan.FromMinutes(2);

    /// <summary>The same for readings that it judges by their wall time.</summary>
    private static readonly TimeSpan SkippedWall = TimeSpan.FromSeconds(1.5);

    private long _offset = -Back.Ticks;
    private long _elapsed;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddTicks(Volatile.Read(ref _offset));

    public override long GetTimestamp() => base.GetTimestamp() + Volatile.Read(ref _elapsed);

    /// <summary>Moves to a part of the way.</summary>
    /// <param name="part">0 at the beginning, 1 for now.</param>
    internal void Reach(double part) => Volatile.Write(ref _offset, (long)(-Back.Ticks * (1 - part)));

    /// <summary>
    /// Lets some time pass for caches. The wall time moves little, so that a search by time finds the same.
    /// </summary>
    internal void Skip()
    {
        Interlocked.Add(ref _elapsed, (long)(Skipped.TotalSeconds * TimestampFrequency));
        Interlocked.Add(ref _offset, SkippedWall.Ticks);
    }
}

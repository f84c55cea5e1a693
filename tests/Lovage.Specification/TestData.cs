using System.Collections.Immutable;
using System.Text;
using Lovage.Protocol;
using Lovage.Storage;

namespace Lovage.Specification;

/// <summary>Builds what tests publish and settle; ids are repeatable.</summary>
public sealed class TestData(TimeProvider time)
{
    public const string Queue = "default";

    private readonly JobIdSource _ids = new(time, new Random(20260101));

    public static WorkerOwner Owner(string instance = "one") => new("boot", "4026531836", 42, 1_000, instance);

    public JobId Id() => _ids.Next();

    public JobMessage Message(
        string name = "tasks.add", string queue = Queue, int priority = 0, string body = "[[1, 2], {}, {}]") => new()
        {
            Id = Id(),
            Name = name,
            Queue = queue,
            Priority = priority,
            Body = Encoding.UTF8.GetBytes(body),
        };

    public JobMessage[] Messages(int count, string queue = Queue) =>
        [.. Enumerable.Range(0, count).Select(_ => Message(queue: queue))];

    /// <summary>A message with every field set.</summary>
    public JobMessage Full() => Message() with
    {
        Priority = 3,
        Retries = 2,
        Eta = time.GetUtcNow() - TimeSpan.FromMinutes(1),
        Expires = time.GetUtcNow() + TimeSpan.FromHours(1),
        MaxAttempts = 7,
        Parameters = 2,
        TimeLimit = TimeSpan.FromSeconds(60),
        SoftTimeLimit = TimeSpan.FromSeconds(50),
        RootId = Id().Value,
        ParentId = Id().Value,
        GroupId = Id().Value,
        GroupIndex = 4,
        Origin = "gen1@host",
        ReplyTo = Id().Value,
        IgnoreResult = true,
        Tags = ["order:42", "customer:7"],
        Headers = ImmutableDictionary<string, string>.Empty.Add("tenant", "acme")
            .Add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        Extra = "{\"stamped_headers\": null, \"x\":1.50}"u8.ToArray(),
    };

    /// <summary>A schedule whose next tick lies a minute ahead, unless something else is said.</summary>
    public ScheduleRecord Schedule(string id = "nightly", TimeSpan? next = null) => new()
    {
        Id = id,
        Trigger = "{\"every\":60}",
        Job = Message("tasks.report"),
        Policy = new SchedulePolicy(),
        NextTick = time.GetUtcNow() + (next ?? TimeSpan.FromMinutes(1)),
    };

    /// <summary>A firing of the next tick with one job; the tick after it comes a minute later.</summary>
    public Firing NextFiring(ScheduleRecord schedule) => NextFiring(schedule, Message("tasks.report"));

    /// <summary>A firing of the next tick with this job; the tick after it comes a minute later.</summary>
    public static Firing NextFiring(ScheduleRecord schedule, JobMessage job) =>
        Firing(schedule, [new TickRecord(schedule.NextTick!.Value, TickStatus.Fired) { JobId = job.Id }], [job]);

    /// <summary>
    /// A firing that says what became of ticks; the tick after the next comes a minute after the last of them.
    /// </summary>
    public static Firing Firing(
        ScheduleRecord schedule,
        IReadOnlyList<TickRecord> ticks,
        params IReadOnlyList<JobMessage> jobs) => new(schedule.Id, schedule.Version)
        {
            Ticks = ticks,
            Jobs = jobs,
            NextTick = ticks[^1].Through < schedule.NextTick
            ? schedule.NextTick
            : ticks[^1].Through + TimeSpan.FromMinutes(1),
        };

    public AttemptRecord Attempt(AttemptEnd end = AttemptEnd.Succeeded, int number = 1) => new()
    {
        Number = number,
        End = end,
        StartedAt = time.GetUtcNow(),
        Duration = TimeSpan.FromMilliseconds(5),
        Worker = Owner().Key,
        Error = end is AttemptEnd.Failed or AttemptEnd.TimedOut
            ? new JobError("System.InvalidOperationException", "It broke.", "at Here()")
            : null,
    };

    public Settlement Outcome(Delivery delivery, JobDecision decision = JobDecision.Succeed) => new()
    {
        Token = delivery.Token,
        Id = delivery.Message.Id,
        Decision = decision,
        Attempt = Attempt(EndOf(decision), delivery.AttemptsSoFar + 1),
        Result = decision == JobDecision.Succeed ? "3"u8.ToArray() : default,
    };

    private static AttemptEnd EndOf(JobDecision decision) => decision switch
    {
        JobDecision.Succeed => AttemptEnd.Succeeded,
        JobDecision.Cancel => AttemptEnd.Cancelled,
        JobDecision.Expire => AttemptEnd.Expired,
        JobDecision.Bury => AttemptEnd.Rejected,
        _ => AttemptEnd.Failed,
    };
}

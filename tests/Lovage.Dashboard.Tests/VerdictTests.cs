using Lovage.Dashboard.Api;
using Lovage.Dashboard.Views;

namespace Lovage.Dashboard.Tests;

/// <summary>The sentence that stands first.</summary>
public sealed class VerdictTests
{
    private static readonly VerdictFacts Calm = new()
    {
        Storage = new StorageBody("memory", true, null, null),
        Queues = [Queue("mail", 0, null, 1)],
        Failures = [],
        Schedules = [],
        DeadLastHour = 0,
        Workers = 2,
        WorkersHourAgo = 2,
    };

    public static TheoryData<string, string, string> Cases => new()
    {
        { "calm", "ok", "Nothing is waiting." },
        { "one queue moves", "ok", "The queue is moving. The oldest waiting job has waited 1.2 s (mail)." },
        { "queues move", "ok", "All 2 queues are moving. The oldest waiting job has waited 3 s (mail)." },
        { "storage", "bad", "The storage cannot be reached: No such host." },
        { "unserved", "bad", "mail has waited for 14 min: no worker serves it." },
        { "just came", "ok", "The queue is moving. The oldest waiting job has waited 2 s (mail)." },
        { "long", "notice", "The oldest job of mail has waited for 2 min; 3 jobs wait." },
        { "very long", "bad", "The oldest job of mail has waited for 2 h 5 min; 1 job waits." },
        { "rising", "notice", "TimeoutException of mail.send is rising: 40 failures in the last hour." },
        { "dead", "notice", "1 job was set aside as dead in the last hour." },
        { "broken", "bad", "Schedule daily is broken: no process can compute when it fires." },
        { "late", "notice", "Schedule daily is late: no scheduler has fired its tick." },
        { "failed", "notice", "Schedule daily: its last job failed." },
        { "fewer workers", "notice", "Only 1 is alive; an hour ago there were 3." },
        { "no workers", "bad", "No worker is alive; an hour ago there was 1." },
        { "paused", "notice", "mail is paused: the server is mended" },
        { "two", "bad", "mail has waited for 14 min: no worker serves it. One other thing needs a look." },
        { "four", "bad", "mail has waited for 14 min: no worker serves it. 3 other things need a look." },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Of_EachHarm_SaysTheWorst(string name, string level, string sentence)
    {
        var verdict = Verdict.Of(Facts(name));

        Assert.Equal((level, sentence), (verdict.Level, verdict.Sentence));
        Assert.Equal(sentence, string.Concat(verdict.Parts.Select(static part => part.Text)));
    }

    [Fact]
    public void Of_HostileNames_KeepThemInOnePartAndOneAddress()
    {
        var verdict = Verdict.Of(Calm with { Queues = [Queue("a/../<b>?x", 1, 840, 0)] });

        var part = Assert.Single(verdict.Parts, static part => part.Href is not null);
        Assert.Equal("queues/a%2F..%2F%3Cb%3E%3Fx", part.Href);
    }

    [Fact]
    public void Of_LongName_KeepsItsEnds()
    {
        var failure = Failure(40, 5) with { Job = "order." + new string('x', 200) + ".charge" };

        var verdict = Verdict.Of(Calm with { Failures = [failure] });

        Assert.Matches("^TimeoutException of order\\.x+…x+\\.charge is rising: ", verdict.Sentence);
        Assert.InRange(verdict.Sentence.Length, 80, 120);
    }

    private static VerdictFacts Facts(string name) => name switch
    {
        "calm" => Calm,
        "one queue moves" => Calm with { Queues = [Queue("mail", 2, 1.2, 1)] },
        "queues move" => Calm with { Queues = [Queue("mail", 2, 3, 1), Queue("default", 1, 1, 1)] },
        "storage" => Calm with
        {
            Storage = new StorageBody("postgres", false, null, "No such host."),
            Queues = [Queue("mail", 9, 900, 0)],
        },
        "unserved" => Calm with { Queues = [Queue("mail", 9, 840, 0)] },
        "just came" => Calm with { Queues = [Queue("mail", 9, 2, 0)] },
        "long" => Calm with { Queues = [Queue("mail", 3, 125, 1)] },
        "very long" => Calm with { Queues = [Queue("mail", 1, 7_500, 1)] },
        "rising" => Calm with { Failures = [Failure(40, 5), Failure(4, 9), Failure(99, 1.1)] },
        "dead" => Calm with { DeadLastHour = 1 },
        "broken" or "late" or "failed" => Calm with
        {
            Schedules = [new ScheduleProblem("daily", "active", null, name, null)],
        },
        "fewer workers" => Calm with { Workers = 1, WorkersHourAgo = 3 },
        "no workers" => Calm with { Workers = 0, WorkersHourAgo = 1 },
        "paused" => Calm with
        {
            Queues = [Queue("mail", 50, 9_000, 0) with { Paused = true, PauseReason = "the server is mended" }],
        },
        "two" => Calm with { Queues = [Queue("mail", 9, 840, 0)], DeadLastHour = 3 },
        _ => Calm with
        {
            Queues = [Queue("b", 1, 100, 1), Queue("mail", 9, 840, 0), Queue("c", 1, 600, 1)],
            DeadLastHour = 3,
        },
    };

    private static QueueRow Queue(string name, long ready, double? oldest, int workers) => new()
    {
        Name = name,
        Ready = ready,
        Scheduled = 0,
        Claimed = 0,
        OldestSeconds = oldest,
        Paused = false,
        Workers = workers,
        Spark = [],
    };

    private static FailureRow Failure(long hour, double rise) => new()
    {
        Fingerprint = "ab12",
        Job = "mail.send",
        Type = "System.TimeoutException",
        Message = "",
        Queues = [],
        Hour = hour,
        Day = hour,
        Week = hour,
        FirstSeen = default,
        LastSeen = default,
        Rise = rise,
    };
}

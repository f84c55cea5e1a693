using System.Collections.Immutable;
using Lovage.Protocol;
using Lovage.Storage;

namespace Lovage.Specification;

/// <summary>
/// What storages with columns share, and the bytes that it has in databases there are: neither may change, or old rows
/// read wrong.
/// </summary>
public static class StoredSample
{
    /// <summary>Of <see cref="Message"/>: bit 1 for no result, bit 2 for a chosen id.</summary>
    public const int Flags = 3;

    /// <summary>Of <see cref="Message"/>, its origin in a column of its own.</summary>
    public const string More =
        """{"limit":600000000,"soft":15000001,"root":"root-1","parent":"p\u00E8re","group":"group-1","index":"""
            + """4,"reply":"reply-1","parameters":5,"tags":["order:42","\u003C"]"""
            + ""","sensitive":["password#2"],"headers":{"tenant":"a\u0022b"}}""";

    /// <summary>Of <see cref="Attempt"/>.</summary>
    public const string Error = """["Some.Fault","It \u003Cbroke\u003E.",null]""";

    /// <summary>Of <see cref="Attempt"/>.</summary>
    public const string Logs = """[17672256001234567,2,"Shop.Mail","one",17672256011234567,4,"","two\n"]""";

    private static readonly DateTimeOffset At = new DateTimeOffset(2026, 1, 1, 1, 0, 0, TimeSpan.FromHours(1)).AddTicks(
        1_234_567);

    /// <summary>The sample's rare fields, flags and origin.</summary>
    public static JobMessage Message(JobMessage message) => message with
    {
        IgnoreResult = true,
        HasChosenId = true,
        TimeLimit = TimeSpan.FromMinutes(1),
        SoftTimeLimit = new TimeSpan(15_000_001),
        RootId = "root-1",
        ParentId = "père",
        GroupId = "group-1",
        GroupIndex = 4,
        ReplyTo = "reply-1",
        Parameters = 5,
        Tags = ["order:42", "<"],
        SensitiveParameters = ["password#2"],
        Origin = "gen1@host",
        Headers = ImmutableDictionary<string, string>.Empty.Add("tenant", "a\"b"),
    };

    /// <summary>The sample's error and logs.</summary>
    public static AttemptRecord Attempt(AttemptRecord attempt) => attempt with
    {
        Error = new JobError("Some.Fault", "It <broke>.", null),
        Logs = [new LogLine(At, 2, "Shop.Mail", "one"), new LogLine(At.AddSeconds(1), 4, "", "two\n")],
    };
}

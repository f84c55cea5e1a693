using System.Collections.Immutable;
using System.Text.Json;
using Lovage.Protocol;

namespace Lovage.Storage.Plans;

/// <summary>What a mark of a job says. Storages keep the numbers.</summary>
public enum JobMarkKind
{
    /// <summary>It has this tag.</summary>
    Tag = 0,

    /// <summary>The tree of this root holds it; the root itself has no such mark.</summary>
    Root = 1,

    /// <summary>This schedule enqueued it.</summary>
    Schedule = 2,

    /// <summary>It was made from the job of this id with other arguments.</summary>
    EditedFrom = 3,
}

/// <summary>
/// One fact of a message by which a query finds its job, and which few messages have, so that a storage keeps a row for
/// each. It never changes.
/// </summary>
/// <remarks>Immutable.</remarks>
/// <param name="Kind">What it says.</param>
/// <param name="Text">The tag or the id.</param>
public readonly record struct JobMark(JobMarkKind Kind, string Text)
{
    /// <summary>Characters of a mark at the most. A longer text, which is no id, makes none.</summary>
    public const int LengthMax = 256;

    /// <summary>The marks of a message; empty, and nothing is made, for most.</summary>
    /// <param name="message">The message.</param>
    public static ImmutableArray<JobMark> Of(JobMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (message is { Tags.IsEmpty: true, RootId: null, Headers.IsEmpty: true })
        {
            return [];
        }

        var marks = ImmutableArray.CreateBuilder<JobMark>();
        foreach (var tag in message.Tags)
        {
            Add(marks, JobMarkKind.Tag, tag);
        }

        Add(marks, JobMarkKind.Root, message.RootId);
        Add(marks, JobMarkKind.Schedule, message.Headers.GetValueOrDefault(ScheduleHeaders.Schedule));
        Add(marks, JobMarkKind.EditedFrom, message.Headers.GetValueOrDefault(EditHeaders.EditedFrom));
        return marks.DrainToImmutable();
    }

    /// <summary>
    /// The marks of a message by the fields that <see cref="MessageColumns.More"/> wrote, by which a storage removes
    /// its rows. Nothing is made when there are none.
    /// </summary>
    /// <param name="more">What was written; may be empty.</param>
    /// <exception cref="JsonException">It is no JSON.</exception>
    public static ImmutableArray<JobMark> Of(ReadOnlySpan<byte> more) =>
        more.IndexOf("\"tags\":"u8) >= 0
        || more.IndexOf("\"root\":"u8) >= 0
        || more.IndexOf("lovage_schedule"u8) >= 0
        || more.IndexOf("lovage_edited_from"u8) >= 0
            ? Of(MessageColumns.WithMore(Blank, more))
            : [];

    /// <summary>True when a job has every mark that a query asks for.</summary>
    /// <param name="marks">The marks of the job.</param>
    /// <param name="id">The job: the root of a tree belongs to it.</param>
    /// <param name="query">Which jobs.</param>
    public static bool Match(ImmutableArray<JobMark> marks, JobId id, JobQuery query)
    {
        ArgumentNullException.ThrowIfNull(query);
        return Has(JobMarkKind.Tag, query.Tag)
            && (Has(JobMarkKind.Root, query.RootId) || id.Value == query.RootId)
            && Has(JobMarkKind.Schedule, query.ScheduleId)
            && Has(JobMarkKind.EditedFrom, query.EditedFrom);

        bool Has(JobMarkKind kind, string? text) => text is null || marks.Contains(new JobMark(kind, text));
    }

    private static readonly JobMessage Blank = new()
    {
        Id = default,
        Name = "",
        Queue = "",
        Body = default,
    };

    private static void Add(ImmutableArray<JobMark>.Builder marks, JobMarkKind kind, string? text)
    {
        // A text with a zero in it is no id, and not every database can keep it.
        if (text is { Length: > 0 and <= LengthMax } && !text.Contains('\0'))
        {
            marks.Add(new JobMark(kind, text));
        }
    }
}

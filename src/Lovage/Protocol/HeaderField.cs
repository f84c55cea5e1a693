using System.Text;

namespace Lovage.Protocol;

/// <summary>What a header of Celery's flat map is to this library.</summary>
internal enum HeaderField
{
    /// <summary>
    /// The user's: text goes to <see cref="JobMessage.Headers"/>, anything else to <see cref="JobMessage.Extra"/>.
    /// </summary>
    Unknown = 0,

    /// <summary>
    /// The protocol's, not in the model: kept in <see cref="JobMessage.Extra"/> unless it says what is written anyway.
    /// </summary>
    Kept,

    /// <summary>The broker's note on one delivery, no part of the message.</summary>
    Delivery,
    Task,
    Id,
    Eta,
    Expires,
    Group,
    GroupIndex,
    Retries,
    TimeLimit,
    RootId,
    ParentId,
    Origin,
    IgnoreResult,
    Compression,
    MaxAttempts,
    Parameters,
    Tags,
    Sensitive,
    TraceParent,
    TraceState,
}

/// <summary>
/// The names of the headers (celery/app/amqp.py, <c>as_task_v2</c>; kombu/transport/virtual/base.py for
/// <c>redelivered</c>; RabbitMQ for <c>x-death</c> and its kin).
/// </summary>
internal static class HeaderFields
{
    internal const string MaxAttempts = "lovage_max_attempts";
    internal const string Parameters = "lovage_parameters";
    internal const string Tags = "lovage_tags";
    internal const string Sensitive = "lovage_sensitive";

    private static readonly (byte[] Name, HeaderField Field)[] Table = Make(
        ("task", HeaderField.Task),
        ("id", HeaderField.Id),
        ("eta", HeaderField.Eta),
        ("expires", HeaderField.Expires),
        ("group", HeaderField.Group),
        ("group_index", HeaderField.GroupIndex),
        ("retries", HeaderField.Retries),
        ("timelimit", HeaderField.TimeLimit),
        ("root_id", HeaderField.RootId),
        ("parent_id", HeaderField.ParentId),
        ("origin", HeaderField.Origin),
        ("ignore_result", HeaderField.IgnoreResult),
        ("compression", HeaderField.Compression),
        (MaxAttempts, HeaderField.MaxAttempts),
        (Parameters, HeaderField.Parameters),
        (Tags, HeaderField.Tags),
        (Sensitive, HeaderField.Sensitive),
        ("lang", HeaderField.Kept),
        ("shadow", HeaderField.Kept),
        ("argsrepr", HeaderField.Kept),
        ("kwargsrepr", HeaderField.Kept),
        ("replaced_task_nesting", HeaderField.Kept),
        ("stamped_headers", HeaderField.Kept),
        ("stamps", HeaderField.Kept),
        ("traceparent", HeaderField.TraceParent),
        ("tracestate", HeaderField.TraceState),
        ("redelivered", HeaderField.Delivery),
        ("x-death", HeaderField.Delivery),
        ("x-delivery-count", HeaderField.Delivery),
        ("x-acquired-count", HeaderField.Delivery));

    internal static HeaderField Find(ReadOnlySpan<byte> name)
    {
        foreach (var (known, field) in Table)
        {
            if (name.SequenceEqual(known))
            {
                return field;
            }
        }

        return name.StartsWith("x-first-death-"u8) || name.StartsWith("x-last-death-"u8)
            ? HeaderField.Delivery
            : HeaderField.Unknown;
    }

    /// <summary>True for a name that a user's header must not have, since the map is flat.</summary>
    internal static bool IsReserved(string name) =>
        Find(Encoding.UTF8.GetBytes(name))
            is not (HeaderField.Unknown or HeaderField.TraceParent or HeaderField.TraceState);

    private static (byte[] Name, HeaderField Field)[] Make(params (string Name, HeaderField Field)[] rows) =>
        [.. rows.Select(static row => (Encoding.UTF8.GetBytes(row.Name), row.Field))];
}

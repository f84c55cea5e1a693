namespace Lovage.Protocol;

/// <summary>Why a message from the wire is refused.</summary>
public enum MalformedReason
{
    /// <summary>Not JSON, not UTF-8, or of another shape than Celery's.</summary>
    Envelope = 0,

    /// <summary>Too many headers, too large ones, or control characters in one.</summary>
    Headers = 1,

    /// <summary>A content type other than JSON; pickle above all, which can never be enabled.</summary>
    ContentType = 2,

    /// <summary>A text or body encoding that is not known.</summary>
    ContentEncoding = 3,

    /// <summary>A compression that is not known, or a compressed body that is broken.</summary>
    Compression = 4,

    /// <summary>Larger than the cap, before or after decompression.</summary>
    Size = 5,
}

/// <summary>The stored code of each <see cref="MalformedReason"/>.</summary>
public static class MalformedReasons
{
    private static readonly string[] Table =
    [
        "malformed_envelope",
        "malformed_headers",
        "unsupported_content_type",
        "unsupported_content_encoding",
        "unsupported_compression",
        "message_too_large",
    ];

    extension(MalformedReason reason)
    {
        /// <summary>As <c>malformed_envelope</c>: what a dead letter shows.</summary>
        public string Code => Table[(int)reason];
    }
}

/// <summary>
/// A message or result from the wire cannot be understood. The worker sets it aside with its bytes; it never retries or
/// drops it.
/// </summary>
public sealed class MalformedMessageException : LovageException
{
    internal MalformedMessageException(MalformedReason reason, string? path, string message, Exception? cause = null)
        : base(path is null ? $"{reason.Code}: {message}" : $"{reason.Code} at {path}: {message}", cause)
    {
        Reason = reason;
        Path = path;
    }

    internal MalformedMessageException(string? path, string message, Exception? cause = null)
        : this(MalformedReason.Envelope, path, message, cause)
    {
    }

    /// <summary>Why it is refused.</summary>
    public MalformedReason Reason { get; }

    /// <summary>The JSON path of the field at fault, as <c>$.headers.id</c>; null when the whole is at fault.</summary>
    public string? Path { get; }
}

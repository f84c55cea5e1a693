namespace Lovage.Protocol;

/// <summary>
/// Bounds for what is read from the wire, so that a hostile message costs no more than an ordinary large one.
/// </summary>
/// <remarks>Immutable, safe for use by several threads.</remarks>
public sealed record CeleryLimits
{
    private const int EnvelopeOverheadMax = 128 * 1024;

    /// <summary>The defaults.</summary>
    public static CeleryLimits Default { get; } = new();

    /// <summary>
    /// The largest body in bytes, after decompression: 1 to 1 GiB, 1 MiB by default. It is more than the payload cap,
    /// since a workflow's body carries its next steps.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Set to a value outside 1 to 1 GiB.</exception>
    public int BodyBytesMax
    {
        get;
        init =>
            field = value is >= 1 and <= 1 << 30
                ? value
                : throw new ArgumentOutOfRangeException(nameof(value), value, "The largest body is 1 byte to 1 GiB.");
    } = 1024 * 1024;

    /// <summary>
    /// A compressed body may grow by this factor: 1 to 1,000, 100 by default. What fits 64 KiB is allowed whatever the
    /// factor.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Set to a value outside 1 to 1,000.</exception>
    public int CompressionRatioMax
    {
        get;
        init =>
            field = value is >= 1 and <= 1_000
                ? value
                : throw new ArgumentOutOfRangeException(nameof(value), value, "The largest ratio is 1 to 1,000.");
    } = 100;

    /// <summary>The largest envelope: the body as base64 plus headers.</summary>
    internal long EnvelopeBytesMax => (BodyBytesMax / 3L * 4) + EnvelopeOverheadMax;
}

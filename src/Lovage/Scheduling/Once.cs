namespace Lovage;

/// <summary>Triggers that fire once.</summary>
public static class Once
{
    /// <summary>At this instant.</summary>
    /// <param name="instant">When, kept to the millisecond.</param>
    public static DateTrigger At(DateTimeOffset instant) => new(instant);
}

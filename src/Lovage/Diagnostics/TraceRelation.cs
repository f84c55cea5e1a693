namespace Lovage;

/// <summary>How the span of work relates to the span that asked for the work.</summary>
public enum TraceRelation
{
    /// <summary>
    /// Work that is due at once is a child. Work that is due more than a minute after it was asked for begins a trace
    /// of its own with a link, and so do jobs of schedules, jobs of a collection, and tasks after a response.
    /// </summary>
    Auto = 0,

    /// <summary>Always a child: one trace holds all attempts, whenever they run.</summary>
    Parent = 1,

    /// <summary>Always a trace of its own with a link.</summary>
    Link = 2,
}

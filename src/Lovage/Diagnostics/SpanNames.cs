namespace Lovage;

/// <summary>How spans of attempts are named.</summary>
public enum SpanNames
{
    /// <summary>By the job: <c>process mail.welcome</c>.</summary>
    Lovage = 0,

    /// <summary>By the queue, as OpenTelemetry's messaging conventions say: <c>process mail</c>.</summary>
    SemConv = 1,
}

using System.Collections.Immutable;
using Lovage.Diagnostics;
using Lovage.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Lovage.Execution;

/// <summary>What a worker needs of its app.</summary>
/// <remarks>Immutable; its parts are safe for use by several threads.</remarks>
internal sealed record JobWorkerServices
{
    private JobNameSet? _described;

    /// <summary>The jobs that the worker can run.</summary>
    public required JobRegistry Jobs { get; init; }

    /// <summary>Knows the contracts.</summary>
    public required JobSerializer Serializer { get; init; }

    /// <summary>Makes a scope for each attempt that needs one.</summary>
    public required IServiceScopeFactory Scopes { get; init; }

    /// <summary>Filters around every attempt, outermost first; none by default.</summary>
    public ImmutableArray<Type> Filters { get; init; } = [];

    /// <summary>The clock.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>Where jitter comes from.</summary>
    public required Random Random { get; init; }

    /// <summary>Where the worker logs, under Lovage.Worker.</summary>
    public required ILoggerFactory Loggers { get; init; }

    /// <summary>Hears of calls that fail; null (the default) where the app has no host.</summary>
    public StorageOutage? Outage { get; init; }

    /// <summary>How spans are made.</summary>
    public TelemetrySettings Telemetry { get; init; } = TelemetrySettings.Default;

    /// <summary>The jobs as its workers announce them at first, without schemas.</summary>
    internal JobNameSet Named => JobNameSet.Of(JobDescriptions.Of(Jobs, null));

    /// <summary>True once <see cref="Described"/> is made.</summary>
    internal bool IsDescribed => Volatile.Read(ref _described) is not null;

    /// <summary>The jobs as its workers announce them: made at the first use, once.</summary>
    internal JobNameSet Described => Volatile.Read(ref _described)
        ?? Interlocked.CompareExchange(ref _described, JobNameSet.Of(JobDescriptions.Of(Jobs, Serializer)), null)
        ?? _described;
}

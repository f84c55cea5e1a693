using System.Buffers;

namespace Lovage.AspNetCore.Metrics;

/// <summary>The part of the page of metrics that has the names of celery-exporter.</summary>
/// <remarks>Safe for use by several threads.</remarks>
internal sealed class CeleryPage(CeleryQueues? queues) : IDisposable
{
    private readonly CeleryTasks _tasks = new();
    private readonly Lock _writing = new();

    /// <summary>The part that an app's options ask for; null for none.</summary>
    internal static CeleryPage? Of(CeleryNames names, StorageGauges gauges, TimeProvider time) => names switch
    {
        CeleryNames.None => null,
        CeleryNames.Tasks => new CeleryPage(null),
        CeleryNames.All => new CeleryPage(new CeleryQueues(gauges, time)),
        _ => throw new ArgumentOutOfRangeException(nameof(names), names, "CeleryNames is None, Tasks or All."),
    };

    internal void Write(IBufferWriter<byte> page)
    {
        lock (_writing)
        {
            _tasks.Write(page);
            queues?.Write(page);
        }
    }

    public void Dispose() => _tasks.Dispose();
}

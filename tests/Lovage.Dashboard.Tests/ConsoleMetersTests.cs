using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Lovage.Dashboard.Telemetry;
using Lovage.Storage;

namespace Lovage.Dashboard.Tests;

/// <summary>How the console measures its queries.</summary>
public sealed class ConsoleMetersTests
{
    private static readonly StorageException Fault = new("It is away.", isTransient: true);

    [Theory]
    [InlineData("meters.answer", false, false, null)]
    [InlineData("meters.refusal", true, false, null)]
    [InlineData("meters.error", true, true, "Lovage.StorageException")]
    public async Task Query_ThatEnds_IsMeasuredWithItsError(
        string query, bool throws, bool isError, string? error)
    {
        using var durations = new Durations(query);

        var run = ConsoleMeters.MeasureAsync(
            query,
            TimeProvider.System,
            () => throws ? throw Fault : new ValueTask<int>(1),
            _ => isError,
            CancellationToken.None);
        if (throws)
        {
            Assert.Same(Fault, await Record.ExceptionAsync(() => run.AsTask()));
        }
        else
        {
            Assert.Equal(1, await run);
        }

        Assert.Equal(error, Assert.Single(durations.All).GetValueOrDefault("error.type"));
    }

    [Fact]
    public async Task Query_ThatItsCallerGivesUp_IsNotMeasured()
    {
        using var durations = new Durations("meters.gone");

        await Assert.ThrowsAsync<OperationCanceledException>(() => ConsoleMeters.MeasureAsync<int>(
            "meters.gone",
            TimeProvider.System,
            static () => throw new OperationCanceledException(),
            static _ => true,
            new CancellationToken(canceled: true)).AsTask());

        Assert.Empty(durations.All);
    }

    /// <summary>The measurements of one query.</summary>
    private sealed class Durations : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly ConcurrentQueue<Dictionary<string, object?>> _all = new();

        internal Durations(string query)
        {
            _listener.InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Name == "lovage.dashboard.query.duration")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<double>((_, _, tags, _) =>
            {
                var all = tags.ToArray().ToDictionary();
                if (Equals(all.GetValueOrDefault("lovage.dashboard.query"), query))
                {
                    _all.Enqueue(all);
                }
            });
            _listener.Start();
        }

        internal IReadOnlyCollection<Dictionary<string, object?>> All => _all;

        public void Dispose() => _listener.Dispose();
    }
}

using Lovage.Specification;
using Lovage.Sqlite.Native;
using Xunit;

namespace Lovage.Sqlite.Tests;

/// <summary>How long the writer says that it was kept from writing.</summary>
public sealed class BusyWaitTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly LookingClock _time = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void BlockedFor_WaitTakenUpAgainSoon_GoesOn()
    {
        var busy = new BusyWait(_time);
        using var app = SqliteConnection.OpenWriter(_folder.File);
        using var writer = SqliteConnection.OpenWriter(_folder.File);
        writer.WaitBy(busy);
        app.Execute("BEGIN IMMEDIATE");

        Wait(writer);
        var first = busy.BlockedFor;
        _time.Pass(TimeSpan.FromSeconds(0.5));
        Wait(writer);

        Assert.InRange(first, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(6));
        Assert.InRange(busy.BlockedFor, TimeSpan.FromSeconds(11), TimeSpan.FromSeconds(13));
        busy.Detach();
    }

    [Fact]
    public void BlockedFor_WaitLongAfterOneThatFailed_CountsFromItsBeginning()
    {
        var busy = new BusyWait(_time);
        using var app = SqliteConnection.OpenWriter(_folder.File);
        using var writer = SqliteConnection.OpenWriter(_folder.File);
        writer.WaitBy(busy);
        app.Execute("BEGIN IMMEDIATE");

        Wait(writer);
        _time.Pass(TimeSpan.FromHours(1));
        Wait(writer);

        Assert.InRange(busy.BlockedFor, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(6));
        busy.Detach();
    }

    private static void Wait(SqliteConnection writer) =>
        Assert.Throws<StorageException>(() => writer.Execute("BEGIN IMMEDIATE"));

    /// <summary>A clock that moves by half a second at each look.</summary>
    private sealed class LookingClock : TimeProvider
    {
        private long _ticks = TimeSpan.TicksPerDay;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks += TimeSpan.TicksPerSecond / 2;

        internal void Pass(TimeSpan time) => _ticks += time.Ticks;
    }
}

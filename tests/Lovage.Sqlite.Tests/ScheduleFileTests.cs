using Lovage.Specification;
using Lovage.Sqlite.Files;
using Lovage.Sqlite.Native;
using Lovage.Sqlite.Reading;
using Lovage.Storage;
using Xunit;

namespace Lovage.Sqlite.Tests;

/// <summary>
/// Schedules in the file: closed and opened again, cut off in the midst of a commit, seen from another process.
/// </summary>
public sealed class ScheduleFileTests : IDisposable
{
    private const int FrameHeader = 24;

    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);
    private readonly TempFolder _folder = new();
    private readonly ManualTimeProvider _time = new();
    private readonly TestData _data;

    public ScheduleFileTests() => _data = new TestData(_time);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Reopen_AfterClosing_KeepsSchedulesTicksAndUnfinishedJobs()
    {
        ScheduleRecord before;
        await using (var storage = await OpenAsync())
        {
            await storage.Schedules!.SaveAsync(_data.Schedule(next: TimeSpan.Zero) with { App = "billing" }, Stop);
            await FireAsync(storage, "nightly");
            _time.Advance(TimeSpan.FromMinutes(1));
            before = await FindAsync(storage, "nightly");
            Assert.True(await storage.Schedules.TryLeadAsync("one", Lease, Stop));
        }

        await using var reopened = await OpenAsync();

        var due = Assert.Single((await reopened.Schedules!.DueAsync(10, Stop)).Schedules);
        Assert.Equal(1, due.Unfinished);
        Assert.Equal(before with { Job = due.Schedule.Job }, due.Schedule);
        Assert.Equal("billing", due.Schedule.App);
        Assert.Single(await reopened.Schedules.HistoryAsync("nightly", 10, Stop));
        Assert.False(await reopened.Schedules.TryLeadAsync("two", Lease, Stop));
        Assert.Equal(FireStatus.Recorded, await FireAsync(reopened, "nightly"));
    }

    [Fact]
    public async Task Record_CrashAtAnyPointOfTheCommit_LeavesAllOfItOrNothing()
    {
        const int Schedules = 3;
        await using var storage = await OpenAsync();
        var (firings, from) = (new List<Firing>(), 0L);
        byte[] log;
        for (var attempt = 0; ; attempt++)
        {
            firings.Clear();
            for (var i = 0; i < Schedules; i++)
            {
                var id = $"{attempt}-{i}";
                await storage.Schedules!.SaveAsync(_data.Schedule(id, TimeSpan.Zero), Stop);
                firings.Add(_data.NextFiring(await FindAsync(storage, id)));
            }

            var before = await File.ReadAllBytesAsync(_folder.File + "-wal", Stop);
            File.Copy(_folder.File, _folder.At("before.db"), overwrite: true);
            Assert.All(
                await storage.Schedules!.RecordAsync(firings, Stop),
                status => Assert.Equal(FireStatus.Recorded, status));
            log = await File.ReadAllBytesAsync(_folder.File + "-wal", Stop);
            from = before.Length;

            // Else a checkpoint came in between, and the log has begun anew.
            if (log.Length > from && before.AsSpan(0, FrameHeader).SequenceEqual(log.AsSpan(0, FrameHeader)))
            {
                break;
            }
        }

        var (cuts, done) = (0, 0);
        for (var cut = from; cut <= log.Length; cut += (FrameHeader + 4_096) / 2)
        {
            cuts++;
            done += await IsDoneAsync(firings, log.AsMemory(0, (int)cut)) ? 1 : 0;
        }

        Assert.True(cuts > 10);
        Assert.Equal(1, done);
    }

    [Fact]
    public async Task Record_FullFile_IsRefusedAndChangesNothing()
    {
        await using var storage = new SqliteStorage(
            new SqliteStorageOptions { Path = _folder.File, Time = _time, PagesMax = 90 });
        await storage.OpenAsync(Stop);
        await storage.Schedules!.SaveAsync(_data.Schedule(next: TimeSpan.Zero), Stop);
        var fired = 0;

        var refusal = await Assert.ThrowsAsync<StorageException>(async () =>
        {
            while (true)
            {
                Assert.Equal(FireStatus.Recorded, await FireAsync(storage, "nightly"));
                _time.Advance(TimeSpan.FromMinutes(1));
                fired++;
            }
        });

        Assert.True(refusal.IsTransient);
        var schedule = await FindAsync(storage, "nightly");
        Assert.Equal(fired, schedule.Fired);
        Assert.Equal(_time.GetUtcNow(), schedule.NextTick);
        Assert.Equal(fired, (await storage.Schedules.HistoryAsync("nightly", 1_000, Stop)).Count);
        Assert.Equal(fired, Assert.Single(await storage.Broker.QueuesAsync(Stop)).Ready);
    }

    [Fact]
    public async Task SaveAndRecord_InOneStorage_WakeTheOther()
    {
        await using var one = await OpenAsync(TimeProvider.System);
        await using var two = await OpenAsync(TimeProvider.System);
        var data = new TestData(TimeProvider.System);
        var heard = new TaskCompletionSource();
        using var listening = two.Signals.Subscribe(_ => heard.TrySetResult(), SignalKind.SchedulesChanged);

        await one.Schedules!.SaveAsync(data.Schedule(next: TimeSpan.Zero), Stop);
        await heard.Task.WaitAsync(Lease, Stop);
        await using var receiver = two.Receiver();
        var waiting = receiver.WaitForOneAsync(Stop);
        var firing = data.NextFiring(await FindAsync(one, "nightly"));
        await one.Schedules.RecordAsync([firing], Stop);

        Assert.Equal(firing.Jobs[0].Id, (await waiting.WaitAsync(Lease, Stop)).Message.Id);
    }

    [Fact]
    public async Task Calls_TellOtherProcesses_OnlyWhenTheseMayWaitForIt()
    {
        await using var storage = await OpenAsync();
        var schedules = storage.Schedules!;

        Assert.True(await TellsAsync(async () => await schedules.SaveAsync(_data.Schedule(next: TimeSpan.Zero), Stop)));
        Assert.True(await TellsAsync(async () => await FireAsync(storage, "nightly")));
        _time.Advance(TimeSpan.FromMinutes(1));
        var schedule = await FindAsync(storage, "nightly");
        var missed = TestData.Firing(schedule, [new TickRecord(schedule.NextTick!.Value, TickStatus.Missed)]);
        Assert.False(await TellsAsync(async () => await schedules.RecordAsync([missed], Stop)));
        Assert.True(await TellsAsync(async () => await schedules.RunAsync("nightly", _data.Message(), Stop)));
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.False(await TellsAsync(async () => await schedules.DueAsync(10, Stop)));
        Assert.False(
            await TellsAsync(async () => Assert.Equal(1, await schedules.PruneAsync(TimeSpan.Zero, 10, Stop))));
        Assert.True(await TellsAsync(async () => await schedules.ResignAsync("one", Stop)));
        Assert.True(await TellsAsync(async () => await schedules.RemoveAsync("nightly", Stop)));

        async Task<bool> TellsAsync(Func<Task> call)
        {
            var file = Turnstile.SignalPath(_folder.File);
            File.SetLastWriteTimeUtc(file, DateTime.UnixEpoch);
            await call();

            // The writer does one thing after the other: what this waits for comes after the word to the others.
            Assert.True(await schedules.TryLeadAsync("one", Lease, Stop));
            return File.GetLastWriteTimeUtc(file) > DateTime.UnixEpoch;
        }
    }

    [Fact]
    public async Task TryLead_HostStartedAgain_IsFree()
    {
        await using (var storage = new SqliteStorage(
            new SqliteStorageOptions { Path = _folder.File, Time = _time, BootId = "first" }))
        {
            await storage.OpenAsync(Stop);
            Assert.True(await storage.Schedules!.TryLeadAsync("one", Lease, Stop));
        }

        await using var again = new SqliteStorage(
            new SqliteStorageOptions { Path = _folder.File, Time = _time, BootId = "second" });
        await again.OpenAsync(Stop);

        Assert.True(await again.Schedules!.TryLeadAsync("two", Lease, Stop));
    }

    [Fact]
    public async Task Due_ItsQueries_ReadFromIndexesAlone()
    {
        await using var storage = await OpenAsync();
        using var reader = SqliteConnection.OpenReader(_folder.File);
        foreach (var sql in new[]
        {
            ScheduleReading.DueByTick,
            ScheduleReading.DueByQueue,
            ScheduleReading.NextTick,
            ScheduleReading.AnyQueued,
        })
        {
            var plan = new List<string>();
            using var row = reader.Prepare($"EXPLAIN QUERY PLAN {sql}");
            while (row.Read())
            {
                plan.Add(row.Text(3));
            }

            Assert.Contains(plan, step => step.Contains("INDEX lovage_schedule_", StringComparison.Ordinal));
            Assert.DoesNotContain(
                plan,
                step => (step.StartsWith("SCAN", StringComparison.Ordinal)
                    && !step.Contains("INDEX lovage_schedule_", StringComparison.Ordinal))
                    || step.Contains("TEMP", StringComparison.Ordinal));
        }
    }

    /// <summary>
    /// What a crash has left once it is opened: true when the firings are in it, false when nothing of them is.
    /// </summary>
    private async Task<bool> IsDoneAsync(IReadOnlyList<Firing> firings, ReadOnlyMemory<byte> log)
    {
        var path = _folder.At("crashed.db");
        foreach (var left in Directory.GetFiles(_folder.Path, "crashed.db*"))
        {
            File.Delete(left);
        }

        File.Copy(_folder.At("before.db"), path);
        await File.WriteAllBytesAsync(path + "-wal", log, Stop);
        await using var storage = new SqliteStorage(new SqliteStorageOptions { Path = path, Time = _time });
        await storage.OpenAsync(Stop);
        var found = new List<(bool Stepped, int Ticks, bool Job)>();
        foreach (var firing in firings)
        {
            var schedule = await FindAsync(storage, firing.Id);
            var history = await storage.Schedules!.HistoryAsync(firing.Id, 10, Stop);
            var job = (await storage.History!.FindAsync([firing.Jobs[0].Id], Stop))[0];
            Assert.Equal(
                schedule.Version > firing.Version, schedule.Fired == 1 && schedule.NextTick == firing.NextTick);
            found.Add((schedule.Version > firing.Version, history.Count, job is not null));
        }

        var queue = await storage.Broker.QueuesAsync(Stop) is [var only, ..] ? only : null;
        var first = found[0];
        Assert.All(found, each => Assert.Equal(first, each));
        Assert.Equal(first.Stepped ? (true, 1, true) : (false, 0, false), first);
        Assert.Equal(queue?.Ready ?? 0, (await ReceiveAsync(storage)).Count);
        return first.Stepped;
    }

    private async Task<SqliteStorage> OpenAsync(TimeProvider? time = null)
    {
        var storage = _folder.Storage(time ?? _time);
        await storage.OpenAsync(Stop);
        return storage;
    }

    private async Task<FireStatus> FireAsync(SqliteStorage storage, string id) =>
        Assert.Single(await storage.Schedules!.RecordAsync([_data.NextFiring(await FindAsync(storage, id))], Stop));

    private static async Task<ScheduleRecord> FindAsync(SqliteStorage storage, string id) =>
        Assert.IsType<ScheduleRecord>(await storage.Schedules!.FindAsync(id, Stop));

    private static Task<IReadOnlyList<Delivery>> ReceiveAsync(SqliteStorage storage) =>
        storage.ReceiveAsync(100, Stop);
}

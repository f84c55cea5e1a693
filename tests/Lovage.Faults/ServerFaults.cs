using System.Diagnostics;
using Lovage.Faults.Harness;
using Lovage.Faults.Node;
using Xunit;

namespace Lovage.Faults;

/// <summary>The server, and the way to it, are hit while jobs are enqueued, run and settled.</summary>
public abstract class ServerFaults
{
    private const string LongOnly = "Only in the long run (./test.sh --long): it lasts half a minute and more.";

    private const int Slots = 4;
    private const int PerSecond = 400;

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan ConsumingLimit = TimeSpan.FromSeconds(15);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    protected abstract ServerUnderTest NewServer();

    [Fact]
    public async Task Sessions_OneEndedEachSecond_LosesNothing()
    {
        var seconds = FaultLab.IsLong ? 60 : 8;
        var random = NewRandom();
        var server = NewServer();
        await using var lab = await FaultLab.OpenAsync(server);
        NodeProcess[] workers = [lab.StartWorker(Shape()), lab.StartWorker(Shape())];
        await lab.UpAsync(workers);
        var load = new SteadyLoad(lab, PerSecond);
        await lab.ConsumingAgainAsync(Stopwatch.GetTimestamp(), workers, Minute);

        var ended = new Dictionary<string, int>(StringComparer.Ordinal);
        var slowest = TimeSpan.Zero;
        for (var second = 0; second < seconds; second++)
        {
            lab.BeginFault();
            if (await server.EndSessionAsync(random) is { } name)
            {
                ended[name] = ended.GetValueOrDefault(name) + 1;
            }

            var hit = Stopwatch.GetTimestamp();
            slowest = Max(slowest, await lab.ConsumingAgainAsync(hit, workers, ConsumingLimit));
            lab.EndFault();
            var rest = TimeSpan.FromSeconds(1) - Stopwatch.GetElapsedTime(hit);
            await Task.Delay(rest > TimeSpan.Zero ? rest : TimeSpan.Zero, Cancel);
        }

        await load.EndAsync();
        await lab.QuiesceAsync(Minute);
        var verdict = await lab.JudgeAsync();
        FaultLab.Print(
            $"{ended.Values.Sum()} sessions ended in {seconds} s "
                + $"({string.Join(", ", ended.Select(static pair => $"{pair.Key}: {pair.Value}"))}): {verdict}; "
                + $"{lab.Repeats} batches enqueued again; new jobs started by both workers within "
                + $"{slowest.TotalSeconds:0.00} s");
        verdict.IsSound();
        Assert.True(ended.Values.Sum() >= seconds - 1, "Too few sessions were ended.");
    }

    [Fact]
    public async Task Server_KilledAndStartedAgain_LosesNothing()
    {
        var jobs = FaultLab.IsLong ? 20_000 : 3_000;
        var rounds = FaultLab.IsLong ? 5 : 2;
        var random = NewRandom();
        var server = NewServer();
        await using var lab = await FaultLab.OpenAsync(server);
        NodeProcess[] workers = [lab.StartWorker(Shape()), lab.StartWorker(Shape())];
        var load = new SteadyLoad(lab, PerSecond);
        var (slowest, down) = (TimeSpan.Zero, TimeSpan.Zero);
        for (var round = 0; round < rounds; round++)
        {
            var moment = (round * jobs / rounds) + random.Next(1, jobs / rounds / 2);
            await lab.UntilAsync($"{moment} jobs are done", Minute, () => lab.Journal.FinishedCount >= moment);
            lab.BeginFault();
            var killed = Stopwatch.GetTimestamp();
            await server.KillAsync(round);
            await Task.Delay(random.Next(500, 4_000), Cancel);
            await server.StartAsync();
            down = Max(down, Stopwatch.GetElapsedTime(killed));
            slowest = Max(slowest, await lab.ConsumingAgainAsync(Stopwatch.GetTimestamp(), workers, ConsumingLimit));
            lab.EndFault();
        }

        await lab.UntilAsync($"{jobs} jobs are accepted", Minute, () => load.Jobs >= jobs);
        await load.EndAsync();
        await lab.QuiesceAsync(Minute);
        var verdict = await lab.JudgeAsync();
        FaultLab.Print(
            $"{rounds} kills of the server, down for {down.TotalSeconds:0.0} s at the most: {verdict}; {lab.Repeats} "
                + $"batches enqueued again; consuming again within {slowest.TotalSeconds:0.00} s of its first answer");
        Assert.True(verdict.Accepted >= jobs);
        verdict.IsSound();
    }

    [Theory]
    [InlineData(NetworkFault.Reset)]
    [InlineData(NetworkFault.Refuse)]
    [InlineData(NetworkFault.DropReplies)]
    [InlineData(NetworkFault.HalfOpen)]
    [InlineData(NetworkFault.BlackHole)]
    public async Task Network_Faults_LosesNothing(NetworkFault fault)
    {
        Assert.SkipWhen(fault == NetworkFault.BlackHole && !FaultLab.IsLong, LongOnly);
        var random = NewRandom();
        var (rounds, last) = Extent(fault);
        var server = NewServer();
        await using var lab = await FaultLab.OpenAsync(server);
        NodeProcess[] workers = [lab.StartWorker(Shape()), lab.StartWorker(Shape())];
        await lab.UpAsync(workers);
        var load = new SteadyLoad(lab, PerSecond);
        var (consuming, armed) = (TimeSpan.Zero, TimeSpan.Zero);
        for (var round = 0; round < rounds; round++)
        {
            await lab.ConsumingAgainAsync(Stopwatch.GetTimestamp(), workers, Minute);
            await Task.Delay(random.Next(200), Cancel);
            var at = TimeProvider.System.GetUtcNow();
            lab.BeginFault();
            await MakeAsync(server.Proxy, fault, last);
            var over = Stopwatch.GetTimestamp();
            consuming = Max(consuming, await lab.ConsumingAgainAsync(over, workers, ConsumingLimit));
            await lab.UntilAsync(
                "hints are heard again",
                ConsumingLimit,
                async () => await server.IsRearmedAsync(at, workers.Length + 1, 0));
            armed = Max(armed, Stopwatch.GetElapsedTime(over));
            lab.EndFault();
        }

        await load.EndAsync();
        await lab.QuiesceAsync(Minute);
        var verdict = await lab.JudgeAsync();
        FaultLab.Print(
            $"{fault}, {rounds} times{(last > TimeSpan.Zero ? $" for {last.TotalSeconds:0.0} s" : "")}: {verdict}; "
                + $"{lab.Repeats} batches enqueued again; consuming again within {consuming.TotalSeconds:0.00} s of "
                + $"its end, listening again within {armed.TotalSeconds:0.00} s");
        verdict.IsSound();
    }

    /// <summary>All that is open goes deaf while jobs run whose leases are long enough to be renewed in time.</summary>
    [Fact]
    public async Task HalfOpen_WhileJobsRun_IsNoticedInTimeAndCostsNoLease()
    {
        Assert.SkipUnless(FaultLab.IsLong, LongOnly);
        var server = NewServer();
        await using var lab = await FaultLab.OpenAsync(server);
        var shape = Shape() with { Lease = TimeSpan.FromSeconds(15) };
        NodeProcess[] workers = [lab.StartWorker(shape), lab.StartWorker(shape)];
        await lab.UpAsync(workers);

        // As many as are fetched ahead besides.
        var held = await lab.EnqueueAsync(Enumerable.Range(0, 4 * Slots).Select(_ => lab.Hold(WhenCancelled.Stop)));
        await lab.UntilAsync("all slots are taken", Minute, () => lab.Journal.Ids("start").Count == 2 * Slots);

        // Until each has renewed at least once: the renewals have a connection of their own.
        await lab.UntilAsync(
            "leases are renewed",
            Minute,
            async () => await server.IsRearmedAsync(DateTimeOffset.UnixEpoch, workers.Length + 1, workers.Length));
        var at = TimeProvider.System.GetUtcNow();
        var begun = Stopwatch.GetTimestamp();
        var connections = server.Proxy.HalfOpen();
        await lab.UntilAsync(
            "hints are heard and leases renewed again",
            Minute,
            async () => await server.IsRearmedAsync(at, workers.Length + 1, workers.Length));
        var armed = Stopwatch.GetElapsedTime(begun);
        await lab.EnqueueSurelyAsync(Enumerable.Range(0, 100).Select(static i => (Job)FaultJobs.Work(i % 5)));
        var took = Stopwatch.GetElapsedTime(begun);
        await Task.Delay(shape.Lease, Cancel);
        foreach (var id in held)
        {
            Array.ForEach(workers, worker => lab.OpenGate(id, worker));
        }

        await lab.QuiesceAsync(Minute);
        var verdict = await lab.JudgeAsync();
        FaultLab.Print(
            $"{connections} connections half-opened, leases of {shape.Lease.TotalSeconds:0} s: listening and renewing "
                + $"again after {armed.TotalSeconds:0.00} s, enqueuing after {took.TotalSeconds:0.00} s; {verdict}");
        verdict.IsSound();
        Assert.Equal(0, verdict.ExtraStarts);

        // A renewal is due only every third of a lease: noticed within ten seconds of being used.
        Assert.InRange(armed, TimeSpan.Zero, TimeSpan.FromSeconds(10) + (shape.Lease / 3));
    }

    private static WorkerShape Shape() => new() { Concurrency = Slots };

    private static (int Rounds, TimeSpan Last) Extent(NetworkFault fault) => fault switch
    {
        NetworkFault.Reset => (FaultLab.IsLong ? 40 : 5, TimeSpan.Zero),
        NetworkFault.Refuse => (FaultLab.IsLong ? 5 : 1, TimeSpan.FromSeconds(3)),
        NetworkFault.DropReplies => (FaultLab.IsLong ? 40 : 5, TimeSpan.FromMilliseconds(200)),
        NetworkFault.HalfOpen => (FaultLab.IsLong ? 5 : 1, TimeSpan.Zero),
        _ => (1, Minute),
    };

    private static async Task MakeAsync(FaultProxy proxy, NetworkFault fault, TimeSpan last)
    {
        switch (fault)
        {
            case NetworkFault.Reset:
                proxy.Reset();
                break;
            case NetworkFault.HalfOpen:
                proxy.HalfOpen();
                break;
            case NetworkFault.Refuse:
                proxy.Mode = ProxyMode.Refuse;
                proxy.Reset();
                await Task.Delay(last, Cancel);
                proxy.Mode = ProxyMode.Normal;
                break;
            case NetworkFault.DropReplies:
                proxy.Mode = ProxyMode.DropReplies;
                await Task.Delay(last, Cancel);
                proxy.Reset();
                proxy.Mode = ProxyMode.Normal;
                break;
            default:
                proxy.Mode = ProxyMode.Swallow;
                await Task.Delay(last, Cancel);
                proxy.Mode = ProxyMode.Normal;
                break;
        }
    }

    private static Random NewRandom()
    {
        var seed = Environment.TickCount;
        FaultLab.Print($"seed {seed}");
        return new Random(seed);
    }

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
}

/// <summary>What a network does to connections.</summary>
public enum NetworkFault
{
    /// <summary>All connections are reset; new ones work.</summary>
    Reset = 0,

    /// <summary>All connections are reset and new ones refused for a while.</summary>
    Refuse = 1,

    /// <summary>Requests arrive and their answers do not, for a while; then the connections are reset.</summary>
    DropReplies = 2,

    /// <summary>All connections stay open and carry nothing any more; new ones work.</summary>
    HalfOpen = 3,

    /// <summary>
    /// For a while nothing is carried either way, in new connections either; those of that time never carry anything
    /// again.
    /// </summary>
    BlackHole = 4,
}

using Lovage.Execution;

namespace Lovage.Tests.Execution;

/// <summary>How often a worker looks for jobs.</summary>
public sealed class IntakeTests : IDisposable
{
    private readonly WorkerWorld _world;
    private CountingStorage? _storage;
    private int _ran;

    public IntakeTests()
    {
        var job = new JobDefinition("add", _ =>
        {
            _ran++;
            return default;
        });
        _world = new WorkerWorld(
            new WorkerSettings { Concurrency = 4, PrefetchMax = 0 },
            [job],
            null,
            wrap: (memory, time) => _storage = new CountingStorage(memory, time));
        _world.Start();
        _world.Rest();
    }

    private int Looks => _storage!.Looks;

    [Fact]
    public void Fetch_JobsThatComeAlone_TakesOneLookForEach()
    {
        Assert.Equal(1, Looks);
        for (var i = 1; i <= 5; i++)
        {
            _world.Enqueue("add");
            _world.Rest();

            Assert.Equal((i, i + 1), (_ran, Looks));
        }
    }

    [Fact]
    public void Fetch_AfterAllThereWas_LooksAgainWithinItsPollInterval()
    {
        _world.Enqueue("add");
        _world.Rest();
        var before = Looks;

        _world.Advance(TimeSpan.FromSeconds(3));

        Assert.InRange(Looks - before, 1, 3);
    }

    [Fact]
    public void Fetch_AsManyAsWereAskedFor_LooksForMore()
    {
        _world.Do(() => _storage!.Broker.PauseAsync("default", "being filled", CancellationToken.None).AsTask());
        for (var i = 0; i < 9; i++)
        {
            _world.Enqueue("add");
        }

        var before = Looks;
        _world.Do(() => _storage!.Broker.ResumeAsync("default", CancellationToken.None).AsTask());
        _world.Rest();

        Assert.Equal((9, 3), (_ran, Looks - before));
    }

    public void Dispose() => _world.Dispose();
}

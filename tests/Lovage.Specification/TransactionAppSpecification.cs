using System.Collections.Concurrent;
using System.Data.Common;
using Lovage.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Lovage.Specification;

/// <summary>
/// Transactions as an app has them: a client that enqueues together with rows of the app's own, and a worker whose handlers read and write such rows. The worker polls so seldom that only a
/// hint wakes it in time.
/// </summary>
public abstract class TransactionAppSpecification<TFixture> : IAsyncLifetime
    where TFixture : TransactionAppFixture, new()
{
    protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly LogList _logs = new();
    private readonly List<IHost> _hosts = [];

    protected TFixture Fixture { get; } = new();

    protected static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>What the app has logged, with the numbers of the events.</summary>
    protected IEnumerable<(int Event, string Text)> Logs => _logs.Lines;

    public ValueTask InitializeAsync() => Fixture.StartAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
        {
            await host.StopAsync(CancellationToken.None);
            await ((IAsyncDisposable)host).DisposeAsync();
        }

        await Fixture.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Enqueue_Committed_RunsAtOnceAndFindsItsRow()
    {
        var found = new ConcurrentQueue<long>();
        var jobs = await StartAsync(Handler("look", async run => found.Enqueue(await Fixture.CountAsync($"id = '{run.Context.Id}'"))));

        JobHandle handle;
        await using (var transaction = await Fixture.BeginAsync(jobs))
        {
            handle = await jobs.EnqueueAsync(Job.Create("look"), transaction, Stop);
            await ExecuteAsync(transaction, $"INSERT INTO {Fixture.Table} VALUES ('{handle.Id}')");
            await transaction.CommitAsync(Stop);
        }

        await handle.WaitAsync(Patience, Stop);
        Assert.Equal([1], found);
    }

    [Fact]
    public async Task Enqueue_RolledBack_LeavesNeitherJobNorRow()
    {
        var jobs = await StartAsync(Handler("look", static _ => Task.CompletedTask));

        JobHandle handle;
        await using (var transaction = await Fixture.BeginAsync(jobs))
        {
            handle = await jobs.EnqueueAsync(Job.Create("look"), transaction, Stop);
            await ExecuteAsync(transaction, $"INSERT INTO {Fixture.Table} VALUES ('{handle.Id}')");
        }

        await (await jobs.EnqueueAsync(Job.Create("look"), Stop)).WaitAsync(Patience, Stop);
        Assert.False((await handle.GetStatusAsync(Stop)).Known);
        Assert.Equal(0, await Fixture.CountAsync());
    }

    [Fact]
    public async Task Enqueue_TypedAndBatch_AreStoredByTheCommit()
    {
        var jobs = await StartAsync(Handler("sum", static run => SetAsync(run, 5)));

        JobHandle<int> typed;
        IReadOnlyList<JobHandle> many;
        await using (var transaction = await Fixture.BeginAsync(jobs))
        {
            typed = await jobs.EnqueueAsync(Job.Create<int>("sum"), transaction, Stop);
            many = await jobs.EnqueueAsync([.. Enumerable.Range(0, 1_500).Select(static _ => Job.Create("sum"))], transaction, Stop);
            await transaction.CommitAsync(Stop);
        }

        Assert.Equal(5, await typed.WaitAsync(Patience, Stop));
        Assert.Equal(1_500, many.Count);
        await many[^1].WaitAsync(Patience, Stop);
    }

    [Fact]
    public async Task Enqueue_IdOfAnotherJob_ThrowsAndTheTransactionGoesOn()
    {
        var jobs = await StartAsync(Handler("look", static _ => Task.CompletedTask), Handler("other", static _ => Task.CompletedTask));
        var id = JobId.Parse("mine");
        await (await jobs.EnqueueAsync(Job.Create("look") with { Id = id }, Stop)).WaitAsync(Patience, Stop);

        JobHandle handle;
        await using (var transaction = await Fixture.BeginAsync(jobs))
        {
            await Assert.ThrowsAsync<JobIdConflictException>(async () => await jobs.EnqueueAsync(Job.Create("other") with { Id = id }, transaction, Stop));
            Assert.Equal(id, (await jobs.EnqueueAsync(Job.Create("look") with { Id = id }, transaction, Stop)).Id);
            handle = await jobs.EnqueueAsync(Job.Create("other"), transaction, Stop);
            await transaction.CommitAsync(Stop);
        }

        await handle.WaitAsync(Patience, Stop);
    }

    [Fact]
    public async Task Enqueue_QueueAtItsBound_IsRefusedAsOutsideATransaction()
    {
        var jobs = await StartAsync([("Lovage:Limits:PendingMax", "1")]);
        await jobs.EnqueueAsync(Job.Create("nobody.runs") with { Queue = "elsewhere", Delay = TimeSpan.FromMilliseconds(1) }, Stop);

        await using var transaction = await Fixture.BeginAsync(jobs);
        await Assert.ThrowsAsync<QueueFullException>(async () => await jobs.EnqueueAsync(Job.Create("nobody.runs") with { Queue = "elsewhere" }, transaction, Stop));
    }

    [Fact]
    public async Task Enqueue_ManyAtOnce_NoneIsLostAndNoneComesBeforeItsRow()
    {
        const int Callers = 8;
        const int Each = 25;
        var runs = new ConcurrentDictionary<JobId, long>();
        var jobs = await StartAsync(Handler("look", async run => runs[run.Context.Id] = await Fixture.CountAsync($"id = '{run.Context.Id}'")));

        var handles = await Task.WhenAll(Enumerable.Range(0, Callers).Select(EnqueueAsync));
        foreach (var handle in handles.SelectMany(static some => some))
        {
            await handle.WaitAsync(Patience, Stop);
        }

        Assert.Equal(Callers * Each, runs.Count);
        Assert.All(runs.Values, static rows => Assert.Equal(1, rows));
        Assert.Equal(Callers * Each, await Fixture.CountAsync());

        async Task<List<JobHandle>> EnqueueAsync(int caller)
        {
            var kept = new List<JobHandle>();
            for (var i = 0; kept.Count < Each; i++)
            {
                await using var transaction = await Fixture.BeginAsync(jobs);
                var handle = await jobs.EnqueueAsync(Job.Create("look"), transaction, Stop);
                await ExecuteAsync(transaction, $"INSERT INTO {Fixture.Table} VALUES ('{handle.Id}')");
                if ((i + caller) % 3 != 0)
                {
                    await transaction.CommitAsync(Stop);
                    kept.Add(handle);
                }
            }

            return kept;
        }
    }

    [Fact]
    public async Task Complete_Committed_EffectAndOutcomeAreOne()
    {
        var ended = 0;
        var jobs = await StartAsync(Handler("pay", async run => await PayAsync(run, async transaction =>
        {
            await run.Context.CompleteInTransactionAsync(transaction, 42, Stop);
            await transaction.CommitAsync(Stop);
        })));
        using var listening = Storage.Signals.Subscribe(_ => Interlocked.Increment(ref ended), SignalKind.JobEnded);

        var handle = await jobs.EnqueueAsync(Job.Create<int>("pay"), Stop);

        Assert.Equal(42, await handle.WaitAsync(Patience, Stop));
        Assert.Equal(1, await Fixture.CountAsync($"id = '{handle.Id}'"));
        Assert.Equal(AttemptEnd.Succeeded, Assert.Single(await handle.GetAttemptsAsync(Stop)).End);
        await StopAsync();
        Assert.Equal(1, ended);
        Assert.Equal((1, 1), await CountersAsync("pay"));
        Assert.Single(Logs, static line => line.Event == 2001);
        Assert.DoesNotContain(Logs, static line => line.Event is 2005 or 2009 or 2016 or 2017);
    }

    [Fact]
    public async Task Complete_RolledBackQuietly_FailsTheAttemptAndRunsAgain()
    {
        var jobs = await StartAsync(Handler("pay", async run => await PayAsync(run, async transaction =>
        {
            await run.Context.CompleteInTransactionAsync(transaction, Stop);
            if (run.Context.Attempt == 2)
            {
                await transaction.CommitAsync(Stop);
            }
        })));

        var handle = await jobs.EnqueueAsync(Job.Create("pay"), Stop);
        await handle.WaitAsync(Patience, Stop);

        var attempts = await handle.GetAttemptsAsync(Stop);
        Assert.Equal([AttemptEnd.Failed, AttemptEnd.Succeeded], attempts.Select(static attempt => attempt.End));
        Assert.Contains("rolled back", attempts[0].Error!.Message, StringComparison.Ordinal);
        Assert.Equal(1, await Fixture.CountAsync());
        Assert.Equal((1, 1), await CountersAsync("pay"));
    }

    [Fact]
    public async Task Complete_HandlerThrowsBeforeTheCommit_FailsWithItsOwnError()
    {
        var jobs = await StartAsync(Handler("pay", async run => await PayAsync(run, async transaction =>
        {
            await run.Context.CompleteInTransactionAsync(transaction, Stop);
            if (run.Context.Attempt == 1)
            {
                throw new FormatException("the process might as well have died here");
            }

            await transaction.CommitAsync(Stop);
        })));

        var handle = await jobs.EnqueueAsync(Job.Create("pay"), Stop);
        await handle.WaitAsync(Patience, Stop);

        var attempts = await handle.GetAttemptsAsync(Stop);
        Assert.Equal(["System.FormatException", null], attempts.Select(static attempt => attempt.Error?.Type));
        Assert.Equal(1, await Fixture.CountAsync());
    }

    [Fact]
    public async Task Complete_HandlerThrowsAfterTheCommit_TheSuccessStands()
    {
        var jobs = await StartAsync(Handler("pay", async run =>
        {
            await PayAsync(run, async transaction =>
            {
                await run.Context.CompleteInTransactionAsync(transaction, Stop);
                await transaction.CommitAsync(Stop);
            });
            throw new FormatException("too late");
        }));

        var handle = await jobs.EnqueueAsync(Job.Create("pay"), Stop);
        await handle.WaitAsync(Patience, Stop);
        await StopAsync();

        Assert.Equal(AttemptEnd.Succeeded, Assert.Single(await ReadAsync(storage => storage.Store.AttemptsAsync(handle.Id, Stop))).End);
        Assert.Equal(1, await Fixture.CountAsync());
        Assert.Equal((1, 1), await CountersAsync("pay"));
        Assert.Single(Logs, static line => line.Event == 2016);
        Assert.Single(Logs, static line => line.Event == 2001);
    }

    [Fact]
    public async Task Complete_SecondTransactionAfterARollback_Counts()
    {
        var jobs = await StartAsync(Handler("pay", async run =>
        {
            await PayAsync(run, async transaction => await run.Context.CompleteInTransactionAsync(transaction, Stop));
            await PayAsync(run, async transaction =>
            {
                await run.Context.CompleteInTransactionAsync(transaction, Stop);
                await transaction.CommitAsync(Stop);
            });
        }));

        var handle = await jobs.EnqueueAsync(Job.Create("pay"), Stop);
        await handle.WaitAsync(Patience, Stop);

        Assert.Single(await handle.GetAttemptsAsync(Stop));
        Assert.Equal(1, await Fixture.CountAsync());
    }

    [Fact]
    public async Task Complete_LostLease_ThrowsAndTheEffectIsRolledBack()
    {
        var thrown = new TaskCompletionSource<Exception?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var jobs = await StartAsync(Handler("pay", async run =>
        {
            var isFirst = !thrown.Task.IsCompleted;
            if (isFirst)
            {
                // Somebody takes the job away, as from a worker that stood still for too long.
                await Storage.Broker.ReclaimAsync(await Storage.Broker.OwnersAsync(Stop), 10, Stop);
            }

            await PayAsync(run, async transaction =>
            {
                try
                {
                    await run.Context.CompleteInTransactionAsync(transaction, Stop);
                    thrown.TrySetResult(null);
                }
                catch (LeaseLostException fault)
                {
                    thrown.TrySetResult(fault);
                    throw;
                }

                await transaction.CommitAsync(Stop);
            });
        }));

        var handle = await jobs.EnqueueAsync(Job.Create("pay"), Stop);
        await handle.WaitAsync(Patience, Stop);

        Assert.Equal(handle.Id, Assert.IsType<LeaseLostException>(await thrown.Task).Id);
        Assert.Equal(1, await Fixture.CountAsync());
        Assert.Equal((1, 1), await CountersAsync("pay"));
    }

    /// <summary>Starts an app with a worker that knows these jobs.</summary>
    protected Task<JobClient> StartAsync(params JobDefinition[] definitions) => StartAsync([], definitions);

    protected async Task<JobClient> StartAsync((string Key, string Value)[] settings, params JobDefinition[] definitions)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { EnvironmentName = "Development" });
        foreach (var (key, value) in settings)
        {
            builder.Configuration[key] = value;
        }

        builder.Logging.AddProvider(_logs);
        var lovage = builder.AddLovage().UseStorage(Storage).AddWorker(static worker =>
        {
            worker.PollInterval = TimeSpan.FromMinutes(1);
            worker.Concurrency = 4;
        });
        foreach (var definition in definitions)
        {
            lovage.AddJob(definition with { Retry = new RetryPolicy { Delay = TimeSpan.Zero } });
        }

        _hosts.Add(builder.Build());
        await _hosts[^1].StartAsync(Stop);
        return _hosts[^1].Services.GetRequiredService<JobClient>();
    }

    /// <summary>The storage of the app.</summary>
    protected JobStorage Storage => field ??= Fixture.NewStorage();

    protected async Task StopAsync() => await _hosts[^1].StopAsync(Stop);

    protected static JobDefinition Handler(string name, Func<JobInvocation, Task> run) => new(name, async invocation => await run(invocation));

    /// <summary>The effect of a handler: a row with the job's id, in a transaction that is rolled back unless it is committed.</summary>
    protected async Task PayAsync(JobInvocation run, Func<AppTransaction, Task> complete)
    {
        await using var transaction = await Fixture.BeginAsync(_hosts[^1].Services.GetRequiredService<JobClient>());
        await ExecuteAsync(transaction, $"INSERT INTO {Fixture.Table} VALUES ('{run.Context.Id}')");
        await complete(transaction);
    }

    protected static async Task ExecuteAsync(DbTransaction transaction, string sql)
    {
        await using var command = transaction.Connection!.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(Stop);
    }

    /// <summary>How many were enqueued and have succeeded.</summary>
    protected async Task<(long Enqueued, long Succeeded)> CountersAsync(string name)
    {
        var counter = Assert.Single(await ReadAsync(static storage => storage.Store.CountersAsync(Stop)), counter => counter.Name == name);
        return (counter.Enqueued, counter.Succeeded);
    }

    /// <summary>Reads by a storage of its own: the app may have stopped.</summary>
    protected async Task<T> ReadAsync<T>(Func<JobStorage, ValueTask<T>> read)
    {
        await using var storage = Fixture.NewStorage();
        await storage.OpenAsync(Stop);
        return await read(storage);
    }

    private static Task SetAsync(JobInvocation run, int result)
    {
        run.SetResult(result);
        return Task.CompletedTask;
    }

    private sealed class LogList : ILoggerProvider, ILogger
    {
        private readonly ConcurrentQueue<(int Event, string Text)> _lines = [];

        public IEnumerable<(int Event, string Text)> Lines => _lines;

        public ILogger CreateLogger(string categoryName) => this;

        public void Dispose()
        {
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _lines.Enqueue((eventId.Id, formatter(state, exception)));
    }
}

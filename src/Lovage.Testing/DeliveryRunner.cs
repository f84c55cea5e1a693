using Lovage.Execution;
using Lovage.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Lovage.Testing;

/// <summary>
/// Takes jobs from the storage one at a time and runs them as a worker does, on the caller's own flow.
/// </summary>
internal sealed class DeliveryRunner
{
    /// <summary>
    /// Attempts in one run at the most: jobs that enqueue each other for ever are a mistake worth an error.
    /// </summary>
    internal const int AttemptsMax = 10_000;

    private static readonly WorkerOwner Owner = new("test", "0", 0, 0, "harness");
    private static readonly TimeSpan Lease = TimeSpan.FromHours(1);

    private readonly StorageGate _gate;
    private readonly JobWorkerServices _app;
    private readonly WorkerSettings _settings;
    private readonly JobExecutor _executor;
    private readonly AttemptOutcomes _outcomes;

    internal DeliveryRunner(IServiceProvider services)
    {
        _gate = services.GetRequiredService<StorageGate>();
        _app = services.GetRequiredService<JobWorkerServices>();
        var options = services.GetRequiredService<IOptions<LovageOptions>>().Value;
        _settings = services.GetRequiredService<WorkerSet>().Settings.FirstOrDefault()
            ?? options.Worker.Settings(options, services.GetRequiredService<JobRegistry>());
        _executor = new JobExecutor(_app.Time);
        _outcomes = new AttemptOutcomes(Owner, new RetryRule(_app.Random), () => _settings);
    }

    /// <summary>Runs what is ready in these queues until nothing is.</summary>
    /// <returns>Attempts that were run.</returns>
    internal async ValueTask<int> RunReadyAsync(
        IReadOnlyList<string> queues, bool withRetryWaits, CancellationToken cancellationToken)
    {
        if (queues.Count == 0)
        {
            return 0;
        }

        var storage = _gate.Storage;
        await using var receiver = storage.Broker.OpenReceiver(Owner, queues, Lease);
        var services = Services(new TransactionalCompletion(storage, _outcomes, _app.Time));
        for (var attempts = 0; attempts < AttemptsMax; attempts++)
        {
            var received = await receiver.ReceiveOrphanAsync(TimeSpan.Zero, cancellationToken);
            if (received.Deliveries.Count == 0)
            {
                received = await receiver.ReceiveAsync(1, TimeSpan.Zero, cancellationToken);
            }

            if (received.Deliveries.Count == 0)
            {
                return attempts;
            }

            var run = new StoredRun(received.Deliveries[0], services, storage)
            {
                WithRetryWaits = withRetryWaits,
                Stop = cancellationToken,
            };
            await _executor.RunAsync(run);
        }

        throw new InvalidOperationException(
            $"{AttemptsMax:N0} attempts were run and there are still jobs: do they enqueue each other for ever?");
    }

    /// <summary>One attempt, apart from any storage: completing it in a transaction does nothing.</summary>
    /// <returns>The outcome; null when the attempt was interrupted.</returns>
    internal async ValueTask<Settlement?> AttemptAsync(Delivery delivery)
    {
        var run = new UnstoredRun(delivery, Services(completion: null));
        await _executor.RunAsync(run);
        return run.Outcome;
    }

    private DeliveredServices Services(TransactionalCompletion? completion) => new()
    {
        App = _app,
        Runner = new JobRunner(_app.Filters),
        Outcomes = _outcomes,
        Completion = completion,
        Settings = () => _settings,
        CancelInline = true,
    };

    /// <summary>
    /// An attempt in a test. A job whose name the app does not know is set aside at once: there is no other worker that
    /// could know it.
    /// </summary>
    private abstract class TestRun(Delivery delivery, DeliveredServices services) : DeliveredRun
    {
        private JobAttempt? _attempt;

        internal override Delivery Delivery => delivery;

        internal override JobDefinition? Definition { get; } =
            services.App.Jobs.TryFind(delivery.Message.Name, out var known) ? known : null;

        internal override JobAttempt? Attempt => _attempt;

        private protected override DeliveredServices Services => services;

        internal override void TellStarted()
        {
        }

        internal override void TellEnded()
        {
        }

        private protected override void Show(JobAttempt attempt) => _attempt = attempt;

        private protected override ValueTask DeclineAsync() => EndUnseenAsync(
            new AttemptEnding(AttemptEnd.Malformed, new UnknownJobException(Name, Services.App.Jobs)));

        private protected override void Faulted(string step, Exception fault)
        {
        }
    }

    private sealed class UnstoredRun(Delivery delivery, DeliveredServices services) : TestRun(delivery, services);

    private sealed class StoredRun(Delivery delivery, DeliveredServices services, JobStorage storage)
        : TestRun(delivery, services)
    {
        internal required bool WithRetryWaits { get; init; }

        internal required CancellationToken Stop { get; init; }

        internal override async ValueTask<bool> RecordStartAsync()
        {
            var start = new JobStart(
                Delivery.Token, Message.Id, Services.App.Time.GetUtcNow(), Ahead: Delivery.IsOrphan);
            return (await storage.Store.RecordStartsAsync([start], Stop))[0];
        }

        internal override void Decide()
        {
            base.Decide();
            if (Fate == TransactionFate.Open)
            {
                // A test sees at once that its handler forgot to commit; a worker would wait for the lease to end.
                Outcome = Services.Outcomes.Of(Attempt!, Ending, Duration);
            }
        }

        internal override async ValueTask HandOnAsync()
        {
            if (Fate == TransactionFate.Committed)
            {
                return;
            }

            if (Outcome is null)
            {
                await storage.Broker.ReleaseAsync([Delivery.Token], Stop);
                return;
            }

            await storage.Store.SettleAsync(
                [WithRetryWaits ? Outcome : Outcome with { RetryDelay = TimeSpan.Zero }], Stop);
        }
    }
}

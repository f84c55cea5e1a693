using System.Collections.Immutable;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Lovage.Protocol;
using Lovage.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Lovage.Execution;

/// <summary>
/// One attempt while it runs: what generated code, the handler and the worker's loops share. The handler's end and a
/// worker that gives up on it compete to end it; the first one decides its outcome.
/// </summary>
internal sealed class JobAttempt : JobInvocation, IAsyncDisposable
{
    private const int IsRunning = 0;
    private const int IsEnded = 1;

    private readonly WorkerSettings _settings;
    private readonly JobWorkerServices _app;
    private readonly bool _cancelInline;
    private readonly AttemptContext _context;
    private AsyncServiceScope? _scope;
    private AttemptLog? _log;
    private Settlement? _completed;
    private SecretTexts? _secrets;
    private int _phase;
    private bool _holdsThread;

    internal JobAttempt(
        Delivery delivery,
        JobDefinition definition,
        int maxAttempts,
        JobWorkerServices app,
        WorkerSettings settings,
        bool cancelInline)
    {
        _settings = settings;
        Delivery = delivery;
        Definition = definition;
        _app = app;
        _cancelInline = cancelInline;
        _context = new AttemptContext(this, maxAttempts);
    }

    /// <summary>The attempt that the current code runs in; null outside of one.</summary>
    internal static JobAttempt? Current
    {
        get => (JobContext.Current as AttemptContext)?.Owner;
        set => JobContext.Current = value?._context;
    }

    public override JobContext Context => _context;

    public override JobSerializer Serializer => _app.Serializer;

    public override JobArguments? Arguments => Given;

    public override ReadOnlyMemory<byte> Body =>
        Given is null ? Delivery.Message.Body : JobBody.Encode(_context.Name, Given, Serializer, int.MaxValue);

    public override IServiceProvider Services => (_scope ??= _app.Scopes.CreateAsyncScope()).ServiceProvider;

    protected override bool KeepsResult => Given is null && Definition.KeepResult && !Delivery.Message.IgnoreResult;

    /// <summary>
    /// The arguments as the caller gave them, for a run in the caller's own process; null when the message carries
    /// them.
    /// </summary>
    internal JobArguments? Given { get; init; }

    /// <summary>Records its success in a transaction of the handler's; null where no storage holds the job.</summary>
    internal TransactionalCompletion? Completion { get; init; }

    /// <summary>
    /// The outcome that the handler has asked to be written in a transaction; null while it has not. What became of the
    /// transaction is not known here.
    /// </summary>
    internal Settlement? Completed
    {
        get => Volatile.Read(ref _completed);
        set => Volatile.Write(ref _completed, value);
    }

    internal Delivery Delivery { get; }

    internal JobDefinition Definition { get; }

    /// <summary>The timestamp at which the handler was called.</summary>
    internal long StartedTimestamp { get; init; }

    /// <summary>The wall clock at which the handler was called.</summary>
    internal DateTimeOffset StartedAt { get; init; }

    /// <summary>How long the job was ready before the handler was called.</summary>
    internal TimeSpan Wait { get; init; }

    /// <summary>True when each slot of the worker is taken; null where there are no slots.</summary>
    internal Func<bool>? IsFull { get; init; }

    /// <summary>When it is tried again.</summary>
    internal RetryPolicy RetryPolicy => Definition.Retry ?? _settings.Retry;

    /// <summary>True when what the handler logs is kept.</summary>
    internal bool KeepsLog => _settings.LogLinesMax > 0;

    /// <summary>
    /// True while the synchronous part of filters and handler runs: up to its first wait it keeps the thread that
    /// called it.
    /// </summary>
    internal bool HoldsThread
    {
        get => Volatile.Read(ref _holdsThread);
        set => Volatile.Write(ref _holdsThread, value);
    }

    /// <summary>What the handler logs; made at its first line.</summary>
    internal AttemptLog Log =>
        _log
            ?? Interlocked.CompareExchange(
                ref _log, new AttemptLog(_settings.LogLinesMax, _settings.LogCharactersMax), null)
            ?? _log;

    /// <summary>What the handler has logged so far, oldest first.</summary>
    internal IReadOnlyList<LogLine> LogLines => Volatile.Read(ref _log)?.Take() ?? [];

    /// <summary>
    /// The newest lines, within the bounds for a running attempt; empty when there is none since the last call.
    /// </summary>
    internal IReadOnlyList<LogLine> TakeLiveLines() => Volatile.Read(ref _log)?.TakeLive() ?? [];

    /// <summary>The names of what is sensitive in the arguments and the result.</summary>
    internal ImmutableArray<string> Sensitive =>
        SensitiveName.Union(Delivery.Message.SensitiveParameters, Definition.SensitiveParameters);

    /// <summary>What no text of the attempt may show; null when no argument is sensitive.</summary>
    internal SecretTexts? Secrets =>
        Volatile.Read(ref _secrets)
            ?? (Sensitive.IsEmpty
                ? null
                : Interlocked.CompareExchange(ref _secrets, ReadSecrets(), null) ?? _secrets);

    internal TimeSpan? SoftLimit => Delivery.Message.SoftTimeLimit ?? Definition.SoftTimeLimit;

    internal TimeSpan? HardLimit => Delivery.Message.TimeLimit ?? Definition.TimeLimit;

    internal JobCancellationReason CancellationReason => _context.CancellationReason;

    internal int MaxAttempts => _context.MaxAttempts;

    internal bool HasEnded => Volatile.Read(ref _phase) == IsEnded;

    /// <summary>Ends the attempt; true for the first caller, who says how it ended.</summary>
    internal bool TryEnd() => Interlocked.CompareExchange(ref _phase, IsEnded, IsRunning) == IsRunning;

    /// <summary>Cancels the handler's token; the first reason stays.</summary>
    internal void Cancel(JobCancellationReason reason) => _context.Cancel(reason, _cancelInline);

    /// <summary>The newest report that was not taken yet.</summary>
    internal bool TryTakeProgress(out double fraction, out string? message) =>
        _context.TryTakeProgress(out fraction, out message);

    private SecretTexts? ReadSecrets() => JobSecrets.Of(
        Given,
        Delivery.Message.Body,
        _context.Name,
        Sensitive,
        Serializer);

    public ValueTask DisposeAsync() => _scope is { } scope ? scope.DisposeAsync() : ValueTask.CompletedTask;

    internal bool HasScope => _scope is not null;

    [SuppressMessage(
        "Design",
        "CA1001",
        Justification = "The handler may have given the token away, and a source without a timer holds nothing.")]
    private sealed class AttemptContext(JobAttempt attempt, int maxAttempts) : JobContext
    {
        private CancellationTokenSource? _source;
        private AttemptProgress? _progress;
        private int _reason;

        internal JobAttempt Owner => attempt;

        public override JobId Id => Message.Id;

        public override string RootId => Message.RootId ?? Message.Id.Value;

        public override string? ParentId => Message.ParentId;

        public override string Name => Message.Name;

        public override string Queue => Message.Queue;

        public override int Attempt => Message.Retries + 1;

        public override int MaxAttempts => maxAttempts;

        public override IReadOnlyDictionary<string, string> Headers => Message.Headers;

        public override IReadOnlyList<string> Tags => Message.Tags;

        public override long FenceToken => attempt.Delivery.Token.Stamp;

        public override JobProgress Progress =>
            _progress ?? Interlocked.CompareExchange(ref _progress, new AttemptProgress(attempt), null) ?? _progress;

        public override CancellationToken CancellationToken
        {
            get
            {
                if (Volatile.Read(ref _source) is { } made)
                {
                    return made.Token;
                }

                var source = new CancellationTokenSource();
                source = Interlocked.CompareExchange(ref _source, source, null) ?? source;

                // Who cancels sets the reason first and looks for the source then; here it is the other way round, so
                // that one of the two sees the other.
                if (CancellationReason != JobCancellationReason.None)
                {
                    source.Cancel();
                }

                return source.Token;
            }
        }

        public override JobCancellationReason CancellationReason => (JobCancellationReason)Volatile.Read(ref _reason);

        internal override bool HasFreeSlot => attempt.IsFull?.Invoke() != true;

        internal override ValueTask CompleteCoreAsync(
            DbTransaction transaction,
            Func<JobSerializer, WrittenResult> result,
            CancellationToken cancellationToken) =>
            attempt.Completion is { } completion
                ? completion.CompleteAsync(
                    attempt, transaction, attempt.KeepsResult ? result(attempt.Serializer) : default, cancellationToken)
                : default;

        private JobMessage Message => attempt.Delivery.Message;

        internal void Cancel(JobCancellationReason reason, bool inline)
        {
            if (Interlocked.CompareExchange(ref _reason, (int)reason, (int)JobCancellationReason.None)
                != (int)JobCancellationReason.None
                || Volatile.Read(ref _source) is not { } source)
            {
                return;
            }

            if (inline)
            {
                source.Cancel();
            }
            else
            {
                // Callbacks on the token are the user's code and must not run on, or throw into, a loop of the worker.
                source.CancelAsync().ContinueWith(
                    static task => _ = task.Exception,
                    CancellationToken.None,
                    TaskContinuationOptions.OnlyOnFaulted,
                    TaskScheduler.Default);
            }
        }

        internal bool TryTakeProgress(out double fraction, out string? message)
        {
            fraction = 0;
            message = null;
            return Volatile.Read(ref _progress) is { } progress && progress.TryTake(out fraction, out message);
        }
    }

    private sealed class AttemptProgress(JobAttempt attempt) : JobProgress
    {
        private readonly Lock _lock = new();
        private (double Fraction, string? Message)? _newest;

        protected override void ReportCore(double fraction, string? message)
        {
            message = message is null || attempt.Secrets is not { } secrets ? message : secrets.Clean(message);
            lock (_lock)
            {
                _newest = (fraction, message);
            }
        }

        internal bool TryTake(out double fraction, out string? message)
        {
            lock (_lock)
            {
                (fraction, message) = _newest ?? default;
                var any = _newest is not null;
                _newest = null;
                return any;
            }
        }
    }
}

using Lovage.Specification;

namespace Lovage.Memory.Tests.Outbox;

public sealed class OutboxCompliance : StorageCompliance<OutboxFixture>
{
    protected override IReadOnlyDictionary<Type, string> Exceptions { get; } = new Dictionary<Type, string>
    {
        [typeof(TransactionSpecification<>)] =
            "A broker apart from the store commits nothing with it, and this store is the memory.",
    };
}

public sealed class OutboxPublish : PublishSpecification<OutboxFixture>;

public sealed class OutboxLease : LeaseSpecification<OutboxFixture>;

public sealed class OutboxFencing : FencingSpecification<OutboxFixture>;

public sealed class OutboxReclaim : ReclaimSpecification<OutboxFixture>;

public sealed class OutboxOrder : OrderSpecification<OutboxFixture>;

public sealed class OutboxTime : TimeSpecification<OutboxFixture>;

public sealed class OutboxCancellation : CancellationSpecification<OutboxFixture>;

public sealed class OutboxQuery : QuerySpecification<OutboxFixture>;

public sealed class OutboxCounters : CounterSpecification<OutboxFixture>;

public sealed class OutboxHistory : HistorySpecification<OutboxFixture>;

public sealed class OutboxQueueControl : QueueControlSpecification<OutboxFixture>;

public sealed class OutboxRetention : RetentionSpecification<OutboxFixture>;

public sealed class OutboxSignals : SignalSpecification<OutboxFixture>;

public sealed class OutboxHostile : HostileSpecification<OutboxFixture>;

public sealed class OutboxRepetition : RepetitionSpecification<OutboxFixture>;

public sealed class OutboxConcurrency : ConcurrencySpecification<OutboxFixture>;

public sealed class OutboxModel : ModelSpecification<OutboxFixture>;

public sealed class OutboxSchedules : ScheduleSpecification<OutboxFixture>;

public sealed class OutboxFiring : FiringSpecification<OutboxFixture>;

public sealed class OutboxLead : LeadSpecification<OutboxFixture>;

public sealed class OutboxScheduleModel : ScheduleModelSpecification<OutboxFixture>;

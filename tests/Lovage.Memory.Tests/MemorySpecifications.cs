using Lovage.Specification;

namespace Lovage.Memory.Tests;

public sealed class MemoryCompliance : StorageCompliance<MemoryFixture>
{
    protected override IReadOnlyDictionary<Type, string> Exceptions { get; } = new Dictionary<Type, string>
    {
        [typeof(TransactionSpecification<>)] = "The memory has no database whose transactions a caller could open.",
    };
}

public sealed class MemoryPublish : PublishSpecification<MemoryFixture>;

public sealed class MemoryLease : LeaseSpecification<MemoryFixture>;

public sealed class MemoryFencing : FencingSpecification<MemoryFixture>;

public sealed class MemoryReclaim : ReclaimSpecification<MemoryFixture>;

public sealed class MemoryOrder : OrderSpecification<MemoryFixture>;

public sealed class MemoryTime : TimeSpecification<MemoryFixture>;

public sealed class MemoryCancellation : CancellationSpecification<MemoryFixture>;

public sealed class MemoryQuery : QuerySpecification<MemoryFixture>;

public sealed class MemoryTags : TagSpecification<MemoryFixture>;

public sealed class MemoryCounters : CounterSpecification<MemoryFixture>;

public sealed class MemoryHistory : HistorySpecification<MemoryFixture>;

public sealed class MemoryQueueControl : QueueControlSpecification<MemoryFixture>;

public sealed class MemoryRetention : RetentionSpecification<MemoryFixture>;

public sealed class MemorySignals : SignalSpecification<MemoryFixture>;

public sealed class MemoryHostile : HostileSpecification<MemoryFixture>;

public sealed class MemoryRepetition : RepetitionSpecification<MemoryFixture>;

public sealed class MemoryResults : ResultSpecification<MemoryFixture>;

public sealed class MemoryPlaces : PlacesSpecification<MemoryFixture>;

public sealed class MemoryChanges : ChangeSpecification<MemoryFixture>;

public sealed class MemoryOffers : OfferSpecification<MemoryFixture>;

public sealed class MemoryDirectory : DirectorySpecification<MemoryFixture>;

public sealed class MemoryReceiver : ReceiverSpecification<MemoryFixture>;

public sealed class MemoryConcurrency : ConcurrencySpecification<MemoryFixture>;

public sealed class MemoryModel : ModelSpecification<MemoryFixture>;

public sealed class MemorySchedules : ScheduleSpecification<MemoryFixture>;

public sealed class MemoryRollOuts : RollOutSpecification<MemoryFixture>;

public sealed class MemoryDowntimes : DowntimeSpecification<MemoryFixture>;

public sealed class MemoryFiring : FiringSpecification<MemoryFixture>;

public sealed class MemoryLead : LeadSpecification<MemoryFixture>;

public sealed class MemoryScheduleModel : ScheduleModelSpecification<MemoryFixture>;

public sealed class MemoryQualifiers : QualifierSpecification<MemoryFixture>;

public sealed class MemoryQualifierModel : QualifierModelSpecification<MemoryFixture>;

public sealed class MemoryStatistics : StatisticsSpecification<MemoryFixture>;

public sealed class MemoryFailures : FailureSpecification<MemoryFixture>;

public sealed class MemoryLiveLines : LiveLinesSpecification<MemoryFixture>;

public sealed class MemoryOperations : OperationSpecification<MemoryFixture>;

public sealed class MemoryAudit : AuditSpecification<MemoryFixture>;

public sealed class MemoryControl : ControlSpecification<MemoryFixture>;

using Lovage.Specification;

namespace Lovage.Redis.Tests;

public sealed class RedisCompliance : StorageCompliance<RedisFixture>
{
    protected override IReadOnlyDictionary<Type, string> Exceptions => new Dictionary<Type, string>
    {
        [typeof(TransactionSpecification<>)] = "A caller's own transaction is in another database.",
    };
}

public sealed class RedisPublish : PublishSpecification<RedisFixture>;

public sealed class RedisLease : LeaseSpecification<RedisFixture>;

public sealed class RedisFencing : FencingSpecification<RedisFixture>;

public sealed class RedisReclaim : ReclaimSpecification<RedisFixture>;

public sealed class RedisOrder : OrderSpecification<RedisFixture>;

public sealed class RedisTime : TimeSpecification<RedisFixture>;

public sealed class RedisCancellation : CancellationSpecification<RedisFixture>;

public sealed class RedisQuery : QuerySpecification<RedisFixture>;

public sealed class RedisQualifiers : QualifierSpecification<RedisFixture>;

public sealed class RedisQualifierModel : QualifierModelSpecification<RedisFixture>;

public sealed class RedisStatistics : StatisticsSpecification<RedisFixture>;

public sealed class RedisFailures : FailureSpecification<RedisFixture>;

public sealed class RedisLiveLines : LiveLinesSpecification<RedisFixture>;

public sealed class RedisTags : TagSpecification<RedisFixture>;

public sealed class RedisCounters : CounterSpecification<RedisFixture>;

public sealed class RedisHistory : HistorySpecification<RedisFixture>;

public sealed class RedisQueueControl : QueueControlSpecification<RedisFixture>;

public sealed class RedisRetention : RetentionSpecification<RedisFixture>;

public sealed class RedisSignals : SignalSpecification<RedisFixture>;

public sealed class RedisHostile : HostileSpecification<RedisFixture>;

public sealed class RedisRepetition : RepetitionSpecification<RedisFixture>;

public sealed class RedisConcurrency : ConcurrencySpecification<RedisFixture>;

public sealed class RedisModel : ModelSpecification<RedisFixture>;

public sealed class RedisSchedules : ScheduleSpecification<RedisFixture>;

public sealed class RedisRollOuts : RollOutSpecification<RedisFixture>;

public sealed class RedisDowntimes : DowntimeSpecification<RedisFixture>;

public sealed class RedisFiring : FiringSpecification<RedisFixture>;

public sealed class RedisLead : LeadSpecification<RedisFixture>;

public sealed class RedisScheduleModel : ScheduleModelSpecification<RedisFixture>;

public sealed class RedisChanges : ChangeSpecification<RedisFixture>;

public sealed class RedisDirectory : DirectorySpecification<RedisFixture>;

public sealed class RedisOffers : OfferSpecification<RedisFixture>;

public sealed class RedisPlaces : PlacesSpecification<RedisFixture>;

public sealed class RedisReceivers : ReceiverSpecification<RedisFixture>;

public sealed class RedisResults : ResultSpecification<RedisFixture>;

public sealed class RedisOperations : OperationSpecification<RedisFixture>;

public sealed class RedisAudit : AuditSpecification<RedisFixture>;

public sealed class RedisControl : ControlSpecification<RedisFixture>;

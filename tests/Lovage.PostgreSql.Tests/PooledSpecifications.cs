using Lovage.Specification;

namespace Lovage.PostgreSql.Tests;

/// <summary>
/// The same as without one, through PgBouncer in transaction mode: storages and transactions of their callers share a
/// few sessions with all other tests.
/// </summary>
public sealed class PooledFixture : PostgreSqlFixture
{
    protected override async Task<string> ConnectionStringAsync() => (await PgBouncer.GetAsync()).ConnectionString;
}

public sealed class PooledCompliance : StorageCompliance<PooledFixture>
{
    protected override IReadOnlyDictionary<Type, string> Exceptions { get; } = new Dictionary<Type, string>
    {
        [typeof(ModelSpecification<>)] =
            "Thousands of calls one after the other, whose statements the other classes run through the pooler too.",
        [typeof(ScheduleModelSpecification<>)] = "As above.",
    };
}

public sealed class PooledPublish : PublishSpecification<PooledFixture>;

public sealed class PooledLease : LeaseSpecification<PooledFixture>;

public sealed class PooledFencing : FencingSpecification<PooledFixture>;

public sealed class PooledReclaim : ReclaimSpecification<PooledFixture>;

public sealed class PooledOrder : OrderSpecification<PooledFixture>;

public sealed class PooledTime : TimeSpecification<PooledFixture>;

public sealed class PooledCancellation : CancellationSpecification<PooledFixture>;

public sealed class PooledQuery : QuerySpecification<PooledFixture>;

public sealed class PooledQualifiers : QualifierSpecification<PooledFixture>;

public sealed class PooledQualifierModel : QualifierModelSpecification<PooledFixture>;

public sealed class PooledStatistics : StatisticsSpecification<PooledFixture>;

public sealed class PooledFailures : FailureSpecification<PooledFixture>;

public sealed class PooledLiveLines : LiveLinesSpecification<PooledFixture>;

public sealed class PooledTags : TagSpecification<PooledFixture>;

public sealed class PooledCounters : CounterSpecification<PooledFixture>;

public sealed class PooledHistory : HistorySpecification<PooledFixture>;

public sealed class PooledQueueControl : QueueControlSpecification<PooledFixture>;

public sealed class PooledRetention : RetentionSpecification<PooledFixture>;

public sealed class PooledSignals : SignalSpecification<PooledFixture>;

public sealed class PooledHostile : HostileSpecification<PooledFixture>;

public sealed class PooledRepetition : RepetitionSpecification<PooledFixture>;

public sealed class PooledConcurrency : ConcurrencySpecification<PooledFixture>;

public sealed class PooledSchedules : ScheduleSpecification<PooledFixture>;

public sealed class PooledRollOuts : RollOutSpecification<PooledFixture>;

public sealed class PooledDowntimes : DowntimeSpecification<PooledFixture>;

public sealed class PooledFiring : FiringSpecification<PooledFixture>;

public sealed class PooledLead : LeadSpecification<PooledFixture>;

public sealed class PooledTransactionFacts : TransactionSpecification<PooledFixture>;

public sealed class PooledChanges : ChangeSpecification<PooledFixture>;

public sealed class PooledDirectory : DirectorySpecification<PooledFixture>;

public sealed class PooledOffers : OfferSpecification<PooledFixture>;

public sealed class PooledPlaces : PlacesSpecification<PooledFixture>;

public sealed class PooledReceivers : ReceiverSpecification<PooledFixture>;

public sealed class PooledResults : ResultSpecification<PooledFixture>;

public sealed class PooledOperations : OperationSpecification<PooledFixture>;

public sealed class PooledAudit : AuditSpecification<PooledFixture>;

public sealed class PooledControl : ControlSpecification<PooledFixture>;

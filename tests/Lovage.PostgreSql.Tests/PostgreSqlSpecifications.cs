using Lovage.Specification;

namespace Lovage.PostgreSql.Tests;

public sealed class PostgreSqlCompliance : StorageCompliance<PostgreSqlFixture>;

public sealed class PostgreSqlPublish : PublishSpecification<PostgreSqlFixture>;

public sealed class PostgreSqlLease : LeaseSpecification<PostgreSqlFixture>;

public sealed class PostgreSqlFencing : FencingSpecification<PostgreSqlFixture>;

public sealed class PostgreSqlReclaim : ReclaimSpecification<PostgreSqlFixture>;

public sealed class PostgreSqlOrder : OrderSpecification<PostgreSqlFixture>;

public sealed class PostgreSqlTime : TimeSpecification<PostgreSqlFixture>;

public sealed class PostgreSqlCancellation : CancellationSpecification<PostgreSqlFixture>;

public sealed class PostgreSqlQuery : QuerySpecification<PostgreSqlFixture>;

public sealed class PostgreSqlQualifiers : QualifierSpecification<PostgreSqlFixture>;

public sealed class PostgreSqlQualifierModel : QualifierModelSpecification<PostgreSqlFixture>;

public sealed class PostgreSqlStatistics : StatisticsSpecification<PostgreSqlFixture>;

public sealed class PostgreSqlFailures : FailureSpecification<PostgreSqlFixture>;

public sealed class PostgreSqlLiveLines : LiveLinesSpecification<PostgreSqlFixture>;

public sealed class PostgreSqlTags : TagSpecification<PostgreSqlFixture>;

public sealed class PostgreSqlCounters : CounterSpecification<PostgreSqlFixture>;

public sealed class PostgreSqlHistory : HistorySpecification<PostgreSqlFixture>;

public sealed class PostgreSqlQueueControl : QueueControlSpecification<PostgreSqlFixture>;

public sealed class PostgreSqlRetention : RetentionSpecification<PostgreSqlFixture>;

public sealed class PostgreSqlSignals : SignalSpecification<PostgreSqlFixture>;

public sealed class PostgreSqlHostile : HostileSpecification<PostgreSqlFixture>;

public sealed class PostgreSqlRepetition : RepetitionSpecification<PostgreSqlFixture>;

public sealed class PostgreSqlConcurrency : ConcurrencySpecification<PostgreSqlFixture>;

public sealed class PostgreSqlModel : ModelSpecification<PostgreSqlFixture>;

public sealed class PostgreSqlSchedules : ScheduleSpecification<PostgreSqlFixture>;

public sealed class PostgreSqlRollOuts : RollOutSpecification<PostgreSqlFixture>;

public sealed class PostgreSqlDowntimes : DowntimeSpecification<PostgreSqlFixture>;

public sealed class PostgreSqlFiring : FiringSpecification<PostgreSqlFixture>;

public sealed class PostgreSqlLead : LeadSpecification<PostgreSqlFixture>;

public sealed class PostgreSqlScheduleModel : ScheduleModelSpecification<PostgreSqlFixture>;

public sealed class PostgreSqlTransactionFacts : TransactionSpecification<PostgreSqlFixture>;

public sealed class PostgreSqlChanges : ChangeSpecification<PostgreSqlFixture>;

public sealed class PostgreSqlDirectory : DirectorySpecification<PostgreSqlFixture>;

public sealed class PostgreSqlOffers : OfferSpecification<PostgreSqlFixture>;

public sealed class PostgreSqlPlaces : PlacesSpecification<PostgreSqlFixture>;

public sealed class PostgreSqlReceivers : ReceiverSpecification<PostgreSqlFixture>;

public sealed class PostgreSqlResults : ResultSpecification<PostgreSqlFixture>;

public sealed class PostgreSqlOperations : OperationSpecification<PostgreSqlFixture>;

public sealed class PostgreSqlAudit : AuditSpecification<PostgreSqlFixture>;

public sealed class PostgreSqlControl : ControlSpecification<PostgreSqlFixture>;

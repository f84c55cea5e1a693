using Lovage.Specification;

namespace Lovage.Sqlite.Tests;

public sealed class SqliteCompliance : StorageCompliance<SqliteFixture>;

public sealed class SqlitePublish : PublishSpecification<SqliteFixture>;

public sealed class SqliteLease : LeaseSpecification<SqliteFixture>;

public sealed class SqliteFencing : FencingSpecification<SqliteFixture>;

public sealed class SqliteReclaim : ReclaimSpecification<SqliteFixture>;

public sealed class SqliteOrder : OrderSpecification<SqliteFixture>;

public sealed class SqliteTime : TimeSpecification<SqliteFixture>;

public sealed class SqliteCancellation : CancellationSpecification<SqliteFixture>;

public sealed class SqliteQuery : QuerySpecification<SqliteFixture>;

public sealed class SqliteTags : TagSpecification<SqliteFixture>;

public sealed class SqliteCounters : CounterSpecification<SqliteFixture>;

public sealed class SqliteHistory : HistorySpecification<SqliteFixture>;

public sealed class SqliteQueueControl : QueueControlSpecification<SqliteFixture>;

public sealed class SqliteRetention : RetentionSpecification<SqliteFixture>;

public sealed class SqliteSignals : SignalSpecification<SqliteFixture>;

public sealed class SqliteHostile : HostileSpecification<SqliteFixture>;

public sealed class SqliteRepetition : RepetitionSpecification<SqliteFixture>;

public sealed class SqliteResults : ResultSpecification<SqliteFixture>;

public sealed class SqlitePlaces : PlacesSpecification<SqliteFixture>;

public sealed class SqliteChanges : ChangeSpecification<SqliteFixture>;

public sealed class SqliteOffers : OfferSpecification<SqliteFixture>;

public sealed class SqliteDirectory : DirectorySpecification<SqliteFixture>;

public sealed class SqliteReceivers : ReceiverSpecification<SqliteFixture>;

public sealed class SqliteConcurrency : ConcurrencySpecification<SqliteFixture>;

public sealed class SqliteModel : ModelSpecification<SqliteFixture>;

public sealed class SqliteSchedules : ScheduleSpecification<SqliteFixture>;

public sealed class SqliteRollOuts : RollOutSpecification<SqliteFixture>;

public sealed class SqliteDowntimes : DowntimeSpecification<SqliteFixture>;

public sealed class SqliteFiring : FiringSpecification<SqliteFixture>;

public sealed class SqliteLead : LeadSpecification<SqliteFixture>;

public sealed class SqliteScheduleModel : ScheduleModelSpecification<SqliteFixture>;

public sealed class SqliteTransactionFacts : TransactionSpecification<SqliteFixture>;

public sealed class SqliteQualifiers : QualifierSpecification<SqliteFixture>;

public sealed class SqliteQualifierModel : QualifierModelSpecification<SqliteFixture>;

public sealed class SqliteStatistics : StatisticsSpecification<SqliteFixture>;

public sealed class SqliteFailures : FailureSpecification<SqliteFixture>;

public sealed class SqliteLiveLines : LiveLinesSpecification<SqliteFixture>;

public sealed class SqliteOperations : OperationSpecification<SqliteFixture>;

public sealed class SqliteAudit : AuditSpecification<SqliteFixture>;

public sealed class SqliteControl : ControlSpecification<SqliteFixture>;

using Lovage.Specification;

namespace Lovage.PostgreSql.Tests;

public sealed class GaugeAppTests : GaugeAppSpecification<PostgreSqlTransactionAppFixture>;

public sealed class PooledGaugeAppTests : GaugeAppSpecification<PooledTransactionAppFixture>;

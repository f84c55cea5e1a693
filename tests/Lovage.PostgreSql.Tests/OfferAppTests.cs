using Lovage.Specification;

namespace Lovage.PostgreSql.Tests;

public sealed class OfferAppTests : OfferAppSpecification<PostgreSqlTransactionAppFixture>;

/// <summary>Behind a pooler no signal reaches the other app: its worker polls.</summary>
public sealed class PooledOfferAppTests : OfferAppSpecification<PooledTransactionAppFixture>;

using Lovage.Specification;

namespace Lovage.Sqlite.Tests;

public sealed class OfferAppTests : OfferAppSpecification<SqliteTransactionAppFixture>;

using Lovage.Specification;

namespace Lovage.Sqlite.Tests;

public sealed class GaugeAppTests : GaugeAppSpecification<SqliteTransactionAppFixture>;

using Lovage.Specification;

namespace Lovage.Memory.Tests;

public sealed class GaugeAppTests : GaugeAppSpecification<MemoryAppFixture>;

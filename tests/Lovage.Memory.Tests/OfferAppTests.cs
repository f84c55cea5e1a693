using Lovage.Specification;
using Lovage.Storage;
using Lovage.Storage.Memory;

namespace Lovage.Memory.Tests;

/// <summary>One memory that the apps of a test share; it has no database beside it.</summary>
public sealed class MemoryAppFixture : TransactionAppFixture
{
    private readonly MemoryStorage _storage = new(TimeProvider.System);

    public override string Table => throw NoDatabase();

    public override ValueTask StartAsync() => default;

    public override JobStorage NewStorage() => _storage;

    public override ValueTask<AppTransaction> BeginAsync(JobClient jobs) => throw NoDatabase();

    public override ValueTask<long> CountAsync(string condition = "true") => throw NoDatabase();

    public override ValueTask DisposeAsync() => _storage.DisposeAsync();

    private static NotSupportedException NoDatabase() => new("The memory has no database.");
}

public sealed class OfferAppTests : OfferAppSpecification<MemoryAppFixture>;

using Lovage.Storage;
using Lovage.Storage.Memory;

namespace Lovage.Tests.Hosting;

public sealed class StorageChoiceTests
{
    [Fact]
    public async Task Create_Memory_IsInTheCore()
    {
        await using var storage = StorageChoice.Create("memory:", [], TimeProvider.System);
        Assert.IsType<MemoryStorage>(storage);
    }

    [Theory]
    [InlineData(
        "postgres://app:s3cret@db/jobs",
        "Storage 'postgres://...' needs the package Lovage.PostgreSql: dotnet add package Lovage.PostgreSql")]
    [InlineData(
        "postgresql://db/jobs",
        "Storage 'postgresql://...' needs the package Lovage.PostgreSql: dotnet add package Lovage.PostgreSql")]
    [InlineData(
        "REDISS://:s3cret@cache",
        "Storage 'rediss://...' needs the package Lovage.Redis: dotnet add package Lovage.Redis")]
    [InlineData(
        "sqlite:lovage.db",
        "Storage 'sqlite:...' needs the package Lovage.Sqlite: dotnet add package Lovage.Sqlite. Or set "
            + "Lovage:Storage to memory: to keep jobs in this process only.")]
    [InlineData(
        "mongo://app:s3cret@db",
        "Storage 'mongo://...' is not known. Known are memory, sqlite, postgres and redis; another one is added with "
            + "AddLovage().AddStorageProvider(...).")]
    [InlineData(
        "memory:big",
        "Storage 'memory:...' cannot be used: The memory storage has no settings: its address is 'memory:' and "
            + "nothing else. (Parameter 'address')")]
    public void Create_NotThere_SaysWhatToDoWithoutCredentials(string address, string expected)
    {
        var fault = Assert.Throws<StorageException>(() => StorageChoice.Create(address, [], TimeProvider.System));
        Assert.Equal(expected, fault.Message);
        Assert.False(fault.IsTransient);
    }

    [Theory]
    [InlineData("lovage.db", "Write sqlite:lovage.db, memory:, postgres://user@host/database or redis://")]
    [InlineData("Host=db;Password=s3cret", "write postgres: before it")]
    [InlineData("User Id=app; server = db:5432;Password=s3cret", "write postgres: before it")]
    [InlineData(":memory:", "Write sqlite:lovage.db")]
    [InlineData("Data Source=C:\\s3cret", "write sqlite: and the path alone")]
    [InlineData("", "Write sqlite:lovage.db")]
    public void Create_NoScheme_SaysWhatToWriteWithoutCredentials(string address, string advice)
    {
        var fault = Assert.Throws<StorageException>(() => StorageChoice.Create(address, [], TimeProvider.System));
        Assert.Contains("has no scheme", fault.Message, StringComparison.Ordinal);
        Assert.Contains(advice, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Create_RegisteredProvider_WinsAndTheLastOneDoes()
    {
        var first = new Provider("sqlite");
        var last = new Provider("sqlite");
        await using var storage = StorageChoice.Create("SQLite:x.db", [first, last], TimeProvider.System);
        Assert.Empty(first.Asked);
        Assert.Equal(["SQLite:x.db"], last.Asked);
    }

    private sealed class Provider(string scheme) : StorageProvider
    {
        public List<string> Asked { get; } = [];

        public override IReadOnlyList<string> Schemes { get; } = [scheme];

        public override JobStorage Create(string address, TimeProvider time)
        {
            Asked.Add(address);
            return new MemoryStorage(time);
        }
    }
}

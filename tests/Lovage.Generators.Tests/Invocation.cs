using System.Text;
using System.Text.Json;

namespace Lovage.Generators.Tests;

/// <summary>One attempt as a worker would start it, without a worker.</summary>
internal sealed class Invocation(JobDefinition definition, CancellationToken token) : JobInvocation
{
    private IServiceProvider? _scope;

    public override JobContext Context { get; } = new TestContext(definition.Name, token);

    public override JobSerializer Serializer { get; } = new();

    public override JobArguments? Arguments => Captured;

    public override ReadOnlyMemory<byte> Body => Json is null ? default : Encoding.UTF8.GetBytes(Json);

    public override IServiceProvider Services =>
        _scope ?? throw new InvalidOperationException("A scope was asked for where nothing is injected.");

    internal JobArguments? Captured { get; init; }

    internal string? Json { get; init; }

    internal string ResultText => Encoding.UTF8.GetString(Result.Span);

    protected override bool KeepsResult => true;

    internal static async Task<Invocation> RunAsync(
        JobDefinition job, string json, IServiceProvider? services = null) =>
        await RunAsync(
            job, new Invocation(job, Xunit.TestContext.Current.CancellationToken) { Json = json, _scope = services });

    internal static async Task<Invocation> RunAsync(
        JobDefinition job, JobArguments captured, IServiceProvider? services = null) =>
        await RunAsync(
            job,
            new Invocation(job, Xunit.TestContext.Current.CancellationToken)
            {
                Captured = captured,
                _scope = services,
            });

    private static async Task<Invocation> RunAsync(JobDefinition job, Invocation invocation)
    {
        await job.Invoke(invocation);
        return invocation;
    }

    private sealed class TestContext(string name, CancellationToken token) : JobContext
    {
        public override JobId Id => JobId.Parse("test");

        public override string Name => name;

        public override string Queue => "default";

        public override int Attempt => 1;

        public override int MaxAttempts => 3;

        public override IReadOnlyDictionary<string, string> Headers { get; } = new Dictionary<string, string>();

        public override long FenceToken => 0;

        public override JobProgress Progress { get; } = new Silent();

        public override CancellationToken CancellationToken => token;

        public override JobCancellationReason CancellationReason => JobCancellationReason.None;
    }

    private sealed class Silent : JobProgress
    {
        protected override void ReportCore(double fraction, string? message)
        {
        }
    }
}

/// <summary>JSON as it goes over the wire.</summary>
internal static class Wire
{
    internal static string Positional(JobArguments arguments)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartArray();
            arguments.WritePositional(writer, new JobSerializer());
            writer.WriteEndArray();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }
}

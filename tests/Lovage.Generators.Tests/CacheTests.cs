using Microsoft.CodeAnalysis;

namespace Lovage.Generators.Tests;

public sealed class CacheTests
{
    private const string Handler =
        "public sealed record Order([System.ComponentModel.DataAnnotations.Required] string Name, List<Order>? "
            + "Parts); public sealed class H { [Job] public Task SendAsync(Order order, CancellationToken token) => "
            + "Task.CompletedTask; }";

    [Fact]
    public void Generate_LinesAddedAboveAndOtherFileChanged_EveryStepIsCached()
    {
        var steps = Rerun(
            "// One more line.\n\n" + Handler + "\npublic static class Other { public static int X => 1; }");

        Assert.All(
            steps,
            static step => Assert.All(
                step.Reasons,
                reason => Assert.True(
                    reason is IncrementalStepRunReason.Cached or IncrementalStepRunReason.Unchanged,
                    $"{step.Name}: {reason}")));
    }

    [Fact]
    public void Generate_UnrelatedEdit_NoOutputIsWrittenAgain()
    {
        var source = Source.Of(Handler);
        var driver = source.Driver().RunGenerators(source.Compile(), TestContext.Current.CancellationToken);
        var before = driver.GetRunResult().Results.Single();
        var compilation = source.Compile().AddSyntaxTrees(source.Parse("public static class Other;", "Other.cs"));
        var after = driver.RunGenerators(compilation, TestContext.Current.CancellationToken)
            .GetRunResult()
            .Results
            .Single();

        var outputs = after.TrackedOutputSteps.SelectMany(static step => step.Value)
            .SelectMany(static run => run.Outputs)
            .ToArray();
        Assert.NotEmpty(outputs);
        Assert.All(outputs, static output => Assert.Equal(IncrementalStepRunReason.Cached, output.Reason));
        Assert.All(
            after.GeneratedSources.Zip(before.GeneratedSources),
            static pair => Assert.Same(pair.Second.SourceText, pair.First.SourceText));
    }

    [Fact]
    public void Generate_SignatureChanged_IsGeneratedAnew()
    {
        var steps = Rerun(Handler.Replace("Order order,", "Order order, int times,", StringComparison.Ordinal));

        Assert.Contains(
            steps, static step => step.Name == "Handlers" && step.Reasons.Contains(IncrementalStepRunReason.Modified));
    }

    private static (string Name, IncrementalStepRunReason[] Reasons)[] Rerun(string edited)
    {
        var source = Source.Of(Handler);
        var driver = source.Driver().RunGenerators(source.Compile(), TestContext.Current.CancellationToken);
        var result = driver.RunGenerators(
            (source with { Code = edited }).Compile(),
            TestContext.Current.CancellationToken).GetRunResult().Results.Single();
        return [.. JobGenerator.Steps.Select(name => (name, result.TrackedSteps[name].SelectMany(static run =>
            run.Outputs).Select(static output => output.Reason).ToArray()))];
    }
}

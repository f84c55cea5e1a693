using System.Text;
using Lovage.Protocol;

namespace Lovage.Generators.Tests;

/// <summary>Jobs of one version of the code, run by the handler of the next.</summary>
public sealed class ArgumentsByNameTests
{
    [Fact]
    public async Task Move_ByName_ParametersChangedPlaces_KeepsEachValue()
    {
        var before = Version("Arguments = JobArgumentsForm.ByName", "string from, string to, int amount = 1");
        var after = Version("Arguments = JobArgumentsForm.ByName", "int amount, string to, string from");

        var body = Body(before, "a", "b", 7);
        var run = await Invocation.RunAsync(Job(after), body);

        Assert.StartsWith("""[[],{"from":"a","to":"b","amount":7},""", body, StringComparison.Ordinal);
        Assert.Equal("a>b:7", run.ResultValue);
    }

    [Fact]
    public async Task Move_ByPosition_ParametersChangedPlaces_SwapsThem()
    {
        var before = Version("MaxAttempts = 3", "string from, string to, int amount");
        var after = Version("MaxAttempts = 3", "string to, string from, int amount");

        var run = await Invocation.RunAsync(Job(after), Body(before, "a", "b", 7));

        Assert.Equal("b>a:7", run.ResultValue);
    }

    [Fact]
    public async Task Move_FormChanged_RunsTheJobsOfBoth()
    {
        const string Parameters = "string from, string to, int amount = 1";
        var positional = Version("MaxAttempts = 3", Parameters);
        var named = Version("Arguments = JobArgumentsForm.ByName", Parameters);

        Assert.Equal("a>b:7", (await Invocation.RunAsync(Job(named), Body(positional, "a", "b", 7))).ResultValue);
        Assert.Equal("a>b:7", (await Invocation.RunAsync(Job(positional), Body(named, "a", "b", 7))).ResultValue);
    }

    [Fact]
    public async Task Move_ByName_LeavesOutDefaultsWhereverTheyStand()
    {
        var named = Version(
            "Arguments = JobArgumentsForm.ByName", "string from = \"x\", string to = \"y\", int amount = 1");

        var body = Body(named, "x", "b", 1);

        Assert.StartsWith("""[[],{"to":"b"},""", body, StringComparison.Ordinal);
        Assert.Equal("x>b:1", (await Invocation.RunAsync(Job(named), body)).ResultValue);
    }

    private static System.Reflection.Assembly Version(string option, string parameters) => Source.Of($$"""
        namespace Shop;
        public sealed class MoneyJobs
        {
            [Job("money.move", {{option}})]
            public string Move({{parameters}}) => $"{from}>{to}:{amount}";
        }
        public static class Use
        {
            public static Job Move(string from, string to, int amount) =>
                MoneyJobs.Move(from: from, to: to, amount: amount);
        }
        """).Generate().Clean().Load();

    private static JobDefinition Job(System.Reflection.Assembly version) =>
        ((JobCatalog)version.GetType("Shop.ShopJobs")!.GetProperty("Catalog")!.GetValue(null)!).Jobs.Single();

    private static string Body(System.Reflection.Assembly version, string from, string to, int amount)
    {
        var job = (Job)version.GetType("Shop.Use")!.GetMethod("Move")!.Invoke(null, [from, to, amount])!;
        return Encoding.UTF8.GetString(JobBody.Encode(job.Name, job.Arguments, new JobSerializer()).Span);
    }
}

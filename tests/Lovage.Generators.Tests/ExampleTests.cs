using System.Xml.Linq;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Lovage.Generators.Tests;

/// <summary>The examples in the documentation of the types that users meet first: each compiles.</summary>
public sealed class ExampleTests
{
    // What an app has at hand where an example's statements would stand.
    private const string App = """
        global using System.Linq;
        global using System.Net.Http;
        global using Microsoft.AspNetCore.Builder;
        global using Microsoft.AspNetCore.Http;
        global using Microsoft.Extensions.Logging;

        public sealed class MailJobs
        {
            [Job("mail.welcome")]
            public Task WelcomeAsync(string email) => Task.CompletedTask;

            [Job("mail.digest")]
            public Task DigestAsync() => Task.CompletedTask;
        }

        internal sealed class Program;

        """;

    public static TheoryData<string> Types => [.. Examples().Select(static example => example.Type)];

    [Fact]
    public void TypesThatUsersMeetFirst_HaveAnExample() =>
        Assert.Superset(
            new HashSet<string>
            {
                "T:Lovage.BackgroundTasks",
                "T:Lovage.JobClient",
                "T:Lovage.JobContext",
                "T:Lovage.ScheduleClient",
                "T:Lovage.TaskSpawner",
            },
            Examples().Select(static example => example.Type).ToHashSet());

    [Theory]
    [MemberData(nameof(Types))]
    public void Example_InAnApp_Compiles(string type)
    {
        // The example's own references: ASP.NET Core stands in this process.
        _ = (typeof(WebApplication), typeof(TypedResults), typeof(ILogger));
        var code = Examples().Single(example => example.Type == type).Code;
        var isType = code.TrimStart().StartsWith("public sealed class", StringComparison.Ordinal);

        Source.Of(App + (isType ? code : InMethod(code))).Generate().Clean();
    }

    private static IEnumerable<(string Type, string Code)> Examples() =>
        from file in (string[])["Lovage.xml", "Lovage.AspNetCore.xml"]
        from member in XDocument.Load(Path.Combine(AppContext.BaseDirectory, file)).Descendants("member")
        from code in member.Elements("example").Elements("code")
        select (member.Attribute("name")!.Value, code.Value);

    private static string InMethod(string statements) =>
        $$"""
        internal static class Example
        {
            internal static async Task RunAsync(WebApplication app, JobClient jobs, TaskSpawner spawner,
                ScheduleClient schedules, HttpClient http, string[] urls, TimeProvider timeProvider)
            {
                await Task.Yield();
                {{statements}}
            }
        }
        """;
}

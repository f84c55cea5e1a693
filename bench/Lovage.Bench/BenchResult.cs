using System.Globalization;
using System.Runtime;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;

namespace Lovage.Bench;

/// <summary>The figures of one scenario; printed as lines, and with --json as one last line of JSON.</summary>
internal sealed class BenchResult(string scenario, string storage, long jobs, double perSecond)
{
    private readonly List<(string Name, JsonNode Value)> _figures = [];

    internal BenchResult Add(string name, double value)
    {
        _figures.Add((name, Math.Round(value, 4)));
        return this;
    }

    internal BenchResult Add(string name, string value)
    {
        _figures.Add((name, value));
        return this;
    }

    internal void Print(BenchOptions options)
    {
        var json = new JsonObject
        {
            ["scenario"] = scenario,
            ["storage"] = storage,
            ["jobs"] = jobs,
            ["per_second"] = Math.Round(perSecond, 1),
        };
        foreach (var (name, value) in _figures)
        {
            json[name] = value;
        }

        json["cores"] = Environment.ProcessorCount;
        json["collector"] = GCSettings.IsServerGC ? "server" : "workstation";
        json["runtime"] = RuntimeInformation.FrameworkDescription;
        foreach (var (name, value) in json)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {name,-24} {value}"));
        }

        if (options.Json)
        {
            Console.WriteLine(json.ToJsonString());
        }
    }
}

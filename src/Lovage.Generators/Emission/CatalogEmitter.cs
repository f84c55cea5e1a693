namespace Lovage.Generators;

/// <summary>Writes the assembly's file: the public catalog, and AddJobs() where the builder can be seen.</summary>
internal static class CatalogEmitter
{
    private const string ServiceCollection = "global::Microsoft.Extensions.DependencyInjection.IServiceCollection";
    private const string Extensions =
        "global::Microsoft.Extensions.DependencyInjection.Extensions.ServiceCollectionDescriptorExtensions";

    internal static string Emit(EquatableArray<HandlerJobs> handlers, AssemblyFacts assembly)
    {
        var code = new CodeWriter();
        code.Open($"namespace {assembly.Namespace}");
        Catalog(code, handlers, assembly);
        code.Close();
        if (assembly.HasBuilder)
        {
            code.Line();
            code.Open("namespace Microsoft.Extensions.DependencyInjection");
            AddJobs(code, assembly);
            code.Close();
        }

        return code.ToString();
    }

    private static void Catalog(CodeWriter code, EquatableArray<HandlerJobs> handlers, AssemblyFacts assembly)
    {
        var registrations = Registrations(handlers).ToArray();
        code.Line("/// <summary>The jobs of this assembly, for another one to add: <c>AddJobs("
            + assembly.Catalog
            + ".Catalog)</c>.</summary>");
        code.Line(CodeWriter.GeneratedCode);
        code.Open($"public static class {assembly.Catalog}");
        code.Line("/// <summary>Every job whose handler stands in this assembly.</summary>");
        code.Line(
            "public static global::Lovage.Generated.JobCatalog Catalog { get; } = new "
                + "global::Lovage.Generated.JobCatalog(");
        code.Line("    [");
        foreach (var definition in handlers.SelectMany(HandlerEmitter.Definitions))
        {
            code.Line($"        {definition},");
        }

        code.Line(registrations.Length == 0 ? "    ])" + Properties(handlers, assembly) : "    ],");
        if (registrations.Length > 0)
        {
            code.Line("    RegisterHandlers)" + Properties(handlers, assembly));
            code.Line();
            code.Open($"private static void RegisterHandlers({ServiceCollection} services)");
            foreach (var registration in registrations)
            {
                code.Line($"{Extensions}.{registration}(services);");
            }

            code.Close();
        }

        code.Close();
    }

    private static string Properties(EquatableArray<HandlerJobs> handlers, AssemblyFacts assembly)
    {
        var schedules = handlers.SelectMany(static handler => handler.Jobs)
            .SelectMany(static job => job.Schedules.Select(schedule => Schedule(job, schedule)))
            .ToArray();
        var origin = $"Name = {CodeText.Text(assembly.Name)}, Assembly = typeof({assembly.Catalog}).Assembly";
        return schedules.Length == 0
            ? $" {{ {origin} }};"
            : $" {{ {origin}, Schedules = [{string.Join(", ", schedules)}] }};";
    }

    private static string Schedule(JobModel job, ScheduleModel schedule)
    {
        var handler = job.Handler;
        var factories = handler.Namespace.Length == 0 ? handler.Factories : $"{handler.Namespace}.{handler.Factories}";
        var everyNode = schedule.EveryNode ? ", EveryNode = true" : "";
        return $"new global::Lovage.Generated.JobSchedule({CodeText.Text(schedule.Id)}, "
            + $"{CodeText.Text(schedule.Cron)}, "
            + $"{CodeText.Text(schedule.TimeZone)}, global::{factories}.{job.Factory}()) "
            + $"{{ Policy = new global::Lovage.SchedulePolicy {{ {string.Join(", ", schedule.Policy)} }}{everyNode} }}";
    }

    // Filters are only named by type in a definition: registered here, as AddFilter does, trimming keeps their
    // constructors.
    private static IEnumerable<string> Registrations(EquatableArray<HandlerJobs> handlers) =>
        handlers
            .Where(static h => h.Handler.Creation == HandlerCreation.Services && h.Jobs.Any(static j => !j.IsStatic))
            .Select(static h => $"TryAddScoped<{h.Handler.Type}>")
            .Concat(handlers
                .SelectMany(static h => h.Jobs)
                .SelectMany(static j => j.Options.Filters)
                .Distinct(StringComparer.Ordinal)
                .OrderBy(static f => f, StringComparer.Ordinal)
                .Select(static f => $"TryAddTransient<{f}>"));

    private static void AddJobs(CodeWriter code, AssemblyFacts assembly)
    {
        code.Line(CodeWriter.GeneratedCode);
        code.Line("[global::Microsoft.CodeAnalysis.Embedded]");
        code.Open($"internal static class {assembly.Catalog}Registration");
        code.Line(
            "/// <summary>Adds every job whose handler stands in this assembly. Another assembly's are added by its "
                + "catalog.</summary>");
        code.Line("/// <param name=\"builder\">The builder.</param>");
        code.Line("public static global::Lovage.LovageBuilder AddJobs(this global::Lovage.LovageBuilder builder) =>");
        code.Line($"    builder.AddJobs(global::{assembly.Namespace}.{assembly.Catalog}.Catalog);");
        code.Close();
    }
}

using System.Security;

namespace Lovage.Generators;

/// <summary>Writes the file of one handler class: its factories, and beside them its bindings.</summary>
internal static class HandlerEmitter
{
    internal static string Emit(HandlerJobs handler)
    {
        var code = new CodeWriter();
        code.Namespace(handler.Handler.Namespace);
        var names = JobNames(handler);
        Factories(code, handler, names);
        code.Line();
        Bindings(code, handler, names);
        return code.ToString();
    }

    /// <summary>As code elsewhere names the definitions of a handler, in the order of its jobs.</summary>
    internal static IEnumerable<string> Definitions(HandlerJobs handler) =>
        JobNames(handler).Select(name => $"{BindingsPath(handler.Handler)}.{name}.Definition");

    private static string BindingsPath(HandlerModel handler) =>
        handler.Namespace.Length == 0
            ? $"global::{handler.Bindings}"
            : $"global::{handler.Namespace}.{handler.Bindings}";

    // Overloads share the name of their factory but not that of their binder.
    private static string[] JobNames(HandlerJobs handler)
    {
        var taken = new HashSet<string>(StringComparer.Ordinal);
        var names = new string[handler.Jobs.Count];
        for (var i = 0; i < names.Length; i++)
        {
            var name = handler.Jobs[i].Factory.TrimStart('@') + "Job";
            for (var n = 2; !taken.Add(name); n++)
            {
                name = $"{handler.Jobs[i].Factory.TrimStart('@')}Job{n}";
            }

            names[i] = name;
        }

        return names;
    }

    private static void Factories(CodeWriter code, HandlerJobs handler, string[] names)
    {
        code.Line($"/// <summary>Describes runs of the jobs of <see cref=\"{handler.Handler.Type}\"/>.</summary>");
        code.Line(CodeWriter.GeneratedCode);
        code.Open($"{(handler.Handler.IsPublic ? "public" : "internal")} static class {handler.Handler.Factories}");
        code.Open($"extension({handler.Handler.Type})");
        for (var i = 0; i < names.Length; i++)
        {
            if (i > 0)
            {
                code.Line();
            }

            Factory(code, handler.Jobs[i], $"{BindingsPath(handler.Handler)}.{names[i]}");
        }

        code.Close();
        code.Close();
    }

    private static void Factory(CodeWriter code, JobModel job, string binding)
    {
        var type = job.ResultType is null ? "global::Lovage.Job" : $"global::Lovage.Job<{job.ResultType}>";
        var parameters = string.Join(", ", job.Payload.Select(static p =>
            $"{(p.IsParams ? "params " : "")}{p.Type} {p.Name}{(p.Default is null ? "" : $" = {p.Default}")}"));
        var arguments = job.Payload.Any()
            ? $"new {binding}.Arguments({string.Join(", ", job.Payload.Select(static p => p.Name))})"
            : "global::Lovage.Generated.JobArguments.None";
        code.Line(
            $"/// <summary>Describes a run of the job <c>{SecurityElement.Escape(job.Options.Name)}</c>, handled by "
                + $"<see cref=\"{SecurityElement.Escape(job.Id)}\"/>.</summary>");
        code.Line($"{(job.IsPublic ? "public" : "internal")} static {type} {job.Factory}({parameters}) =>");
        code.Line($"    new {type}({CodeText.Text(job.Options.Name)}, {arguments}){Properties(job, binding)};");
    }

    private static string Properties(JobModel job, string binding)
    {
        var tags = job.Payload.Where(static p => p.Tag is not null).Select(static p =>
            $"global::Lovage.Generated.JobTags.One({CodeText.Text(p.Tag!)}, {p.Name}, nameof({p.Name}))")
            .ToArray();
        var properties = new List<string>();
        if (tags.Length > 0)
        {
            properties.Add($"Tags = global::Lovage.Generated.JobTags.Of({string.Join(", ", tags)})");
        }

        if (job.HidesValues)
        {
            properties.Add($"SensitiveParameters = {binding}.Definition.SensitiveParameters");
        }

        return properties.Count == 0 ? "" : $" {{ {string.Join(", ", properties)} }}";
    }

    private static void Bindings(CodeWriter code, HandlerJobs handler, string[] names)
    {
        var checks = new CheckEmitter(handler.Jobs);
        code.Line(CodeWriter.GeneratedCode);
        code.Open($"internal static class {handler.Handler.Bindings}");
        for (var i = 0; i < names.Length; i++)
        {
            if (i > 0)
            {
                code.Line();
            }

            BindingEmitter.Emit(code, handler.Jobs[i], names[i], checks);
        }

        checks.Emit(code);
        code.Close();
    }
}

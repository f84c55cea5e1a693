namespace Lovage.Generators;

/// <summary>Writes the JobDefinition of one job; what has its default is left out.</summary>
internal static class DefinitionEmitter
{
    internal static void Emit(CodeWriter code, JobModel job, CheckEmitter checks)
    {
        var options = job.Options;
        code.Open(
            "internal static global::Lovage.Generated.JobDefinition Definition { get; } = new "
                + $"global::Lovage.Generated.JobDefinition({CodeText.Text(options.Name)}, Invoke)");
        code.Line($"Handler = {CodeText.Text($"{job.Handler.Display}.{job.Method.TrimStart('@')}")},");
        Set(code, "Parameters", job.Payload.Select(p => Parameter(p, checks.Rules(job.Checks, p.WireName))));
        Set(code, "SensitiveResult", job.SensitiveResult.Select(CodeText.Text));
        Set(code, "BindArguments", "Bind");
        Set(code, "Aliases", options.Aliases.Select(CodeText.Text));
        Set(code, "Queue", options.Queue is null ? null : CodeText.Text(options.Queue));
        Set(code, "Priority", options.Priority == 0 ? null : $"{options.Priority}");
        Set(code, "MaxAttempts", options.MaxAttempts == 0 ? null : $"{options.MaxAttempts}");
        Set(code, "Execution", options.Execution);
        Set(code, "SoftTimeLimit", Span(options.SoftTimeLimitSeconds));
        Set(code, "TimeLimit", Span(options.TimeLimitSeconds));
        Set(code, "KeepResult", options.KeepResult ? null : "false");
        Set(code, "Filters", options.Filters.Select(TypeOf));
        Retry(code, options);
        code.Close(";");
    }

    private static string Parameter(ParameterModel parameter, string? rules)
    {
        var properties = new List<string>();
        if (parameter.AllowsNull)
        {
            properties.Add("AllowsNull = true");
        }

        if (parameter.IsSensitive)
        {
            properties.Add("IsSensitive = true");
        }

        if (parameter.SensitiveMembers.Count > 0)
        {
            var members = string.Join(", ", parameter.SensitiveMembers.Select(CodeText.Text));
            properties.Add($"SensitiveMembers = [{members}]");
        }

        if (rules is not null)
        {
            properties.Add($"Rules = static () => {rules}");
        }

        var made = $"new global::Lovage.Generated.JobParameter({CodeText.Text(parameter.WireName)}, "
            + $"typeof({parameter.RuntimeType}), {CodeText.Flag(parameter.IsParams || parameter.Default is not null)})";
        return properties.Count == 0 ? made : $"{made} {{ {string.Join(", ", properties)} }}";
    }

    private static void Retry(CodeWriter code, JobOptions options)
    {
        if (options.Retry is not { } retry)
        {
            return;
        }

        code.Open("Retry = new global::Lovage.RetryPolicy");
        Set(code, "MaxAttempts", options.MaxAttempts == 0 ? null : $"{options.MaxAttempts}");
        Set(code, "Backoff", retry.Backoff);
        Set(code, "Delay", Span(retry.DelaySeconds));
        Set(code, "DelayMax", Span(retry.DelayMaxSeconds));
        Set(code, "Delays", retry.DelaysSeconds.Select(Seconds));
        Set(code, "RetryOn", retry.RetryOn.Select(TypeOf));
        Set(code, "NeverRetryOn", retry.NeverRetryOn.Select(TypeOf));
        code.Close(",");
    }

    private static void Set(CodeWriter code, string property, string? value)
    {
        if (value is not null)
        {
            code.Line($"{property} = {value},");
        }
    }

    private static void Set(CodeWriter code, string property, IEnumerable<string> values)
    {
        var list = string.Join(", ", values);
        if (list.Length > 0)
        {
            code.Line($"{property} = [{list}],");
        }
    }

    private static string TypeOf(string type) => $"typeof({type})";

    // 0 in the attribute is "not said".
    private static string? Span(double seconds) => seconds > 0 ? Seconds(seconds) : null;

    private static string Seconds(double seconds) => $"global::System.TimeSpan.FromSeconds({CodeText.Number(seconds)})";
}

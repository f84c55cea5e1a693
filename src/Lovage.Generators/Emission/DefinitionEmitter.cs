namespace Lovage.Generators;

/// <summary>Writes the JobDefinition of one job; what has its default is left out.</summary>
internal static class DefinitionEmitter
{
    internal static void Emit(CodeWriter code, JobModel job)
    {
        var options = job.Options;
        code.Open(
            "internal static global::Lovage.Generated.JobDefinition Definition { get; } = new "
                + $"global::Lovage.Generated.JobDefinition({CodeText.Text(options.Name)}, Invoke)");
        code.Line($"Handler = {CodeText.Text($"{job.Handler.Display}.{job.Method.TrimStart('@')}")},");
        Set(code, "Parameters", job.Payload.Select(static p =>
            $"new global::Lovage.Generated.JobParameter({CodeText.Text(p.WireName)}, typeof({p.RuntimeType}), "
                + $"{CodeText.Flag(p.IsParams || p.Default is not null)})"));
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

namespace Lovage.Generators;

/// <summary>Writes what runs one job: its definition, its arguments, the binder and the call.</summary>
internal static class BindingEmitter
{
    private const string Done = "return default;";

    internal static void Emit(CodeWriter code, JobModel job, string name, CheckEmitter checks)
    {
        code.Open($"internal static class {name}");
        DefinitionEmitter.Emit(code, job, checks);
        code.Line();
        Invoke(code, job);
        code.Line();
        Bind(code, job);
        if (job.Payload.Any())
        {
            code.Line();
            Arguments(code, job, checks);
        }

        code.Close();
    }

    private static void Invoke(CodeWriter code, JobModel job)
    {
        code.Open(
            "private static global::System.Threading.Tasks.ValueTask Invoke(global::Lovage.Generated.JobInvocation "
                + "job)");
        if (job.Payload.Any())
        {
            code.Line(
                "var arguments = job.Arguments as Arguments ?? Bind(job.Context.Name, job.Body, job.Serializer);");
            if (!job.Checks.IsEmpty)
            {
                code.Line("arguments.Validate(job.Context.Name);");
            }
        }
        else
        {
            code.Open("if (!ReferenceEquals(job.Arguments, global::Lovage.Generated.JobArguments.None))");
            code.Line("Bind(job.Context.Name, job.Body, job.Serializer);");
            code.Close();
            code.Line();
        }

        var call = $"{Target(job)}.{job.Method}({string.Join(", ", Passed(job))})";
        switch (job.Result)
        {
            case ResultKind.Void:
                code.Line(call + ";");
                code.Line(Done);
                break;
            case ResultKind.Value:
                code.Line($"job.SetResult<{job.ResultType}>({call});");
                code.Line(Done);
                break;
            case ResultKind.Task:
                code.Line($"return new global::System.Threading.Tasks.ValueTask({call});");
                break;
            case ResultKind.ValueTask:
                code.Line($"return {call};");
                break;
            default:
                Await(code, job, call);
                break;
        }

        code.Close();
    }

    // A handler that has already ended pays for no state machine.
    private static void Await(CodeWriter code, JobModel job, string call)
    {
        var type = job.Result == ResultKind.TaskValue ? "Task" : "ValueTask";
        code.Line($"var running = {call};");
        code.Open("if (running.IsCompletedSuccessfully)");
        code.Line($"job.SetResult<{job.ResultType}>(running.Result);");
        code.Line(Done);
        code.Close();
        code.Line();
        code.Line("return Complete(job, running);");
        code.Line();
        code.Line(
            "static async global::System.Threading.Tasks.ValueTask Complete(global::Lovage.Generated.JobInvocation "
                + "job, "
                + $"global::System.Threading.Tasks.{type}<{job.ResultType}> running) =>");
        code.Line($"    job.SetResult<{job.ResultType}>(await running);");
    }

    private static string Target(JobModel job) =>
        job.IsStatic ? job.Handler.Type
        : job.Handler.Creation == HandlerCreation.New ? $"new {job.Handler.Type}()"
        : $"job.GetHandler<{job.Handler.Type}>()";

    private static IEnumerable<string> Passed(JobModel job)
    {
        var index = 0;
        foreach (var parameter in job.Parameters)
        {
            yield return parameter.Role switch
            {
                ParameterRole.Context => "job.Context",
                ParameterRole.Token => "job.Context.CancellationToken",
                _ => $"arguments.Value{index++}",
            };
        }
    }

    private static void Bind(CodeWriter code, JobModel job)
    {
        var type = job.Payload.Any() ? "Arguments" : "global::Lovage.Generated.JobArguments";
        code.Open(
            $"private static {type} Bind(string job, global::System.ReadOnlyMemory<byte> body, "
                + "global::Lovage.JobSerializer serializer)");
        code.Line("var reader = new global::Lovage.Generated.JobArgumentReader(job, body.Span, serializer);");
        var index = 0;
        foreach (var parameter in job.Payload)
        {
            var name = CodeText.Text(parameter.WireName);
            var given = parameter.IsParams ? "[]" : parameter.Default;
            var read = $"reader.Read<{parameter.Type}>({name}{(given is null ? "" : $", {given}")})";
            var refusal = parameter.RefusesNull ? $" ?? throw IsNull(job, {name})" : "";
            code.Line($"var value{index++} = {read}{refusal};");
        }

        code.Line("reader.End(Definition.Parameters);");
        code.Line(
            index == 0
                ? "return global::Lovage.Generated.JobArguments.None;"
                : "return new "
                    + $"Arguments({string.Join(", ", Enumerable.Range(0, index).Select(static i => $"value{i}"))});");
        code.Close();
        if (job.Payload.Any(static p => p.RefusesNull))
        {
            code.Line();
            code.Line("private static global::Lovage.BadArgumentsException IsNull(string job, string parameter) =>");
            code.Line(
                "    new global::Lovage.BadArgumentsException(job, parameter, $\"argument '{parameter}' is null, "
                    + "which the handler does not take.\");");
        }
    }

    private static void Arguments(CodeWriter code, JobModel job, CheckEmitter checks)
    {
        var payload = job.Payload.ToArray();
        var parameters = string.Join(", ", payload.Select(static (p, i) => $"{p.Type} value{i}"));
        code.Open($"internal sealed class Arguments({parameters}) : global::Lovage.Generated.JobArguments");
        for (var i = 0; i < payload.Length; i++)
        {
            code.Line($"internal readonly {payload[i].Type} Value{i} = value{i};");
        }

        code.Line();
        var required = Required(payload);
        if (required < payload.Length)
        {
            Reach(code, payload, required);
            code.Line();
        }

        OpenWriter(code, "WritePositional");
        if (!job.Options.WritesNames)
        {
            WriteEach(code, payload, required);
        }

        code.Close();
        if (job.Options.WritesNames)
        {
            code.Line();
            OpenWriter(code, "WriteKeyword");
            WriteNamed(code, payload);
            code.Close();
        }

        checks.EmitArguments(code, job.Checks);
        code.Close();
    }

    /// <summary>How many parameters come before those at the end that are optional.</summary>
    private static int Required(ParameterModel[] payload)
    {
        var required = payload.Length;
        while (required > 0 && payload[required - 1] is { Default: not null } or { IsParams: true })
        {
            required--;
        }

        return required;
    }

    /// <summary>
    /// Writes up to which parameter the arguments are written. Those at the end that are the parameters' defaults are
    /// left out: a worker of an older version, without a parameter that was added since, can read the others.
    /// </summary>
    private static void Reach(CodeWriter code, ParameterModel[] payload, int required)
    {
        code.Open("public override int Reach");
        code.Open("get");
        for (var i = payload.Length - 1; i >= required; i--)
        {
            code.Line($"if (!{IsLeftOut(payload[i], i)}) return {i + 1};");
        }

        code.Line("return 0;");
        code.Close();
        code.Close();
    }

    /// <summary>The condition under which an optional argument need not be written.</summary>
    private static string IsLeftOut(ParameterModel parameter, int index) => parameter.IsParams
        ? $"IsEmpty(Value{index})"
        : $"IsDefault<{parameter.Type}>(Value{index}, {parameter.Default})";

    private static void WriteEach(CodeWriter code, ParameterModel[] payload, int required)
    {
        if (required < payload.Length)
        {
            code.Line("var reach = Reach;");
        }

        for (var i = 0; i < payload.Length; i++)
        {
            var name = CodeText.Text(payload[i].WireName);
            var write = $"serializer.WriteArgument<{payload[i].Type}>(writer, Value{i}, {name});";
            code.Line(i < required ? write : $"if (reach > {i}) {write}");
        }
    }

    /// <summary>
    /// Writes the arguments by name, but for those that are the parameters' defaults and an empty array of
    /// <c>params</c>.
    /// </summary>
    private static void WriteNamed(CodeWriter code, ParameterModel[] payload)
    {
        for (var i = 0; i < payload.Length; i++)
        {
            var (type, name) = (payload[i].Type, CodeText.Text(payload[i].WireName));
            var mayBeLeftOut = payload[i] is { Default: not null } or { IsParams: true };
            if (mayBeLeftOut)
            {
                code.Open($"if (!{IsLeftOut(payload[i], i)})");
            }

            code.Line($"writer.WritePropertyName({name});");
            code.Line($"serializer.WriteArgument<{type}>(writer, Value{i}, {name});");
            if (mayBeLeftOut)
            {
                code.Close();
            }
        }
    }

    private static void OpenWriter(CodeWriter code, string method) => code.Open(
        $"public override void {method}(global::System.Text.Json.Utf8JsonWriter writer, "
            + "global::Lovage.JobSerializer serializer)");
}

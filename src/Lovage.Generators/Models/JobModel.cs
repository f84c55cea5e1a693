namespace Lovage.Generators;

/// <summary>What a handler returns.</summary>
internal enum ResultKind
{
    /// <summary>Nothing, at once.</summary>
    Void,

    /// <summary>A value, at once.</summary>
    Value,

    /// <summary>A Task.</summary>
    Task,

    /// <summary>A Task with a value.</summary>
    TaskValue,

    /// <summary>A ValueTask.</summary>
    ValueTask,

    /// <summary>A ValueTask with a value.</summary>
    ValueTaskValue,
}

/// <summary>What a parameter is for.</summary>
internal enum ParameterRole
{
    /// <summary>It travels with the job.</summary>
    Payload,

    /// <summary>The JobContext.</summary>
    Context,

    /// <summary>The CancellationToken.</summary>
    Token,
}

/// <summary>One parameter of a handler.</summary>
internal sealed record ParameterModel
{
    public required ParameterRole Role { get; init; }

    /// <summary>As C# code spells it, with an @ where it is a keyword.</summary>
    public required string Name { get; init; }

    /// <summary>In snake_case.</summary>
    public required string WireName { get; init; }

    /// <summary>As code names it, with its nullability.</summary>
    public required string Type { get; init; }

    /// <summary>As <c>typeof</c> takes it.</summary>
    public required string RuntimeType { get; init; }

    /// <summary>The default as C# code; null for none.</summary>
    public required string? Default { get; init; }

    /// <summary>True for a reference type that is declared not null: the reader cannot know.</summary>
    public required bool RefusesNull { get; init; }

    /// <summary>True for a reference type that may be null.</summary>
    public required bool AllowsNull { get; init; }

    /// <summary>True for <c>params</c>.</summary>
    public required bool IsParams { get; init; }

    /// <summary>The part of its tag before the colon; null when it gives no tag.</summary>
    public required string? Tag { get; init; }

    /// <summary>True when its value is not shown.</summary>
    public required bool IsSensitive { get; init; }

    /// <summary>The ways to members of its value that are not shown; none when the whole value is not.</summary>
    public required EquatableArray<string> SensitiveMembers { get; init; }
}

/// <summary>A type whose JSON contract is not built in.</summary>
/// <param name="Type">As <c>typeof</c> takes it.</param>
/// <param name="Display">As people name it.</param>
/// <param name="Parameter">Which parameter has it; -1 for the result.</param>
/// <param name="Assemblies">Other assemblies it comes from, whose contexts may know it.</param>
internal sealed record ContractNeed(string Type, string Display, int Parameter, EquatableArray<string> Assemblies);

/// <summary>One [Job] method that has no error of its own.</summary>
internal sealed record JobModel
{
    /// <summary>What issues name the method by.</summary>
    public required string Id { get; init; }

    public required HandlerModel Handler { get; init; }

    /// <summary>The method's name, as C# code spells it.</summary>
    public required string Method { get; init; }

    /// <summary>The factory's name, as C# code spells it.</summary>
    public required string Factory { get; init; }

    public required bool IsStatic { get; init; }

    /// <summary>True when the factory can be public: all that its signature names is.</summary>
    public required bool IsPublic { get; init; }

    public required ResultKind Result { get; init; }

    /// <summary>As code names it; null for none.</summary>
    public required string? ResultType { get; init; }

    public required EquatableArray<ParameterModel> Parameters { get; init; }

    public required JobOptions Options { get; init; }

    public required EquatableArray<ContractNeed> Contracts { get; init; }

    public required ArgumentChecks Checks { get; init; }

    public required EquatableArray<ScheduleModel> Schedules { get; init; }

    /// <summary>The parameters that travel.</summary>
    public IEnumerable<ParameterModel> Payload => Parameters.Where(static p => p.Role == ParameterRole.Payload);

    /// <summary>The ways to what of its result is not shown; one <c>*</c> for all of it.</summary>
    public required EquatableArray<string> SensitiveResult { get; init; }

    /// <summary>True when a part of its arguments or its result is not shown.</summary>
    public bool HidesValues =>
        SensitiveResult.Count > 0 || Payload.Any(static p => p.IsSensitive || p.SensitiveMembers.Count > 0);

    /// <summary>Two factories with the same text here cannot stand side by side.</summary>
    public string FactorySignature =>
        $"{Handler.Type}.{Factory}({string.Join(", ", Payload.Select(static p => p.RuntimeType))})";
}

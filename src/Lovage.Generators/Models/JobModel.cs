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
/// <param name="Role">What it is for.</param>
/// <param name="Name">As C# code spells it, with an @ where it is a keyword.</param>
/// <param name="WireName">In snake_case.</param>
/// <param name="Type">As code names it, with its nullability.</param>
/// <param name="RuntimeType">As <c>typeof</c> takes it.</param>
/// <param name="Default">The default as C# code; null for none.</param>
/// <param name="RefusesNull">True for a reference type that is declared not null: the reader cannot know.</param>
/// <param name="IsParams">True for <c>params</c>.</param>
internal sealed record ParameterModel(
    ParameterRole Role,
    string Name,
    string WireName,
    string Type,
    string RuntimeType,
    string? Default,
    bool RefusesNull,
    bool IsParams);

/// <summary>A type whose JSON contract is not built in.</summary>
/// <param name="Type">As <c>typeof</c> takes it.</param>
/// <param name="Display">As people name it.</param>
/// <param name="Parameter">Which parameter has it; -1 for the result.</param>
/// <param name="Assemblies">Other assemblies it comes from, whose contexts may know it.</param>
internal sealed record ContractNeed(string Type, string Display, int Parameter, EquatableArray<string> Assemblies);

/// <summary>One [Job] method that has no error of its own.</summary>
internal sealed record JobModel(
    string Id,
    HandlerModel Handler,
    string Method,
    string Factory,
    bool IsStatic,
    bool IsPublic,
    ResultKind Result,
    string? ResultType,
    EquatableArray<ParameterModel> Parameters,
    JobOptions Options,
    EquatableArray<ContractNeed> Contracts,
    ArgumentChecks Checks,
    EquatableArray<ScheduleModel> Schedules)
{
    /// <summary>The parameters that travel.</summary>
    public IEnumerable<ParameterModel> Payload => Parameters.Where(static p => p.Role == ParameterRole.Payload);

    /// <summary>Two factories with the same text here cannot stand side by side.</summary>
    public string FactorySignature =>
        $"{Handler.Type}.{Factory}({string.Join(", ", Payload.Select(static p => p.RuntimeType))})";
}

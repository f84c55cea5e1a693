using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;

namespace Lovage.Generated;

/// <summary>One parameter of a handler that is payload.</summary>
/// <param name="Name">Its name on the wire, in snake_case.</param>
/// <param name="Type">Its type.</param>
/// <param name="IsOptional">True when it has a default.</param>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed record JobParameter(string Name, Type Type, bool IsOptional)
{
    /// <summary>True when its value is not shown (<see cref="SensitiveAttribute"/>).</summary>
    public bool IsSensitive { get; init; }

    /// <summary>
    /// The ways to the members of its value that are not shown, such as <c>card.number</c>; empty by default.
    /// </summary>
    public ImmutableArray<string> SensitiveMembers { get; init; } = [];

    /// <summary>True for a reference type that may be null.</summary>
    public bool AllowsNull { get; init; }

    /// <summary>
    /// The data annotations that check it, for the schema of a form; null (the default) for none. A function, since
    /// they are made at their first use.
    /// </summary>
    public Func<IReadOnlyList<ValidationAttribute>>? Rules { get; init; }
}

/// <summary>
/// A job that this process can run: written by the generator for each <see cref="JobAttribute"/> method, or by hand
/// with <see cref="Invoke"/>.
/// </summary>
/// <remarks>Immutable, safe for use by several threads.</remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed record JobDefinition
{
    /// <summary>Defines a job.</summary>
    /// <param name="name">The name on the wire.</param>
    /// <param name="invoke">Binds the arguments, calls the handler and sets the result.</param>
    /// <exception cref="ArgumentException">The name is not a valid one.</exception>
    public JobDefinition(string name, Func<JobInvocation, ValueTask> invoke)
    {
        ArgumentNullException.ThrowIfNull(invoke);
        Name = JobNames.Name(name);
        Invoke = invoke;
    }

    /// <summary>The name on the wire.</summary>
    public string Name { get; }

    /// <summary>Binds the arguments, calls the handler and sets the result.</summary>
    public Func<JobInvocation, ValueTask> Invoke { get; }

    /// <summary>
    /// Reads an encoded body, <c>[args, kwargs, embed]</c>, into the arguments that <see cref="Invoke"/> passes to the
    /// handler. It takes the job's name, the body and the contracts, and throws <see cref="BadArgumentsException"/> for
    /// a body that does not fit. With it, the client checks arguments that are given by name or as JSON. Null (the
    /// default): only the worker checks them.
    /// </summary>
    public Func<string, ReadOnlyMemory<byte>, JobSerializer, JobArguments>? BindArguments { get; init; }

    /// <summary>Former names that still lead here.</summary>
    public ImmutableArray<string> Aliases { get; init; } = [];

    /// <summary>The payload parameters in their order.</summary>
    public ImmutableArray<JobParameter> Parameters
    {
        get;
        init
        {
            field = value;
            SensitiveParameters = Sensitive(value, SensitiveResult);
        }
    } = [];

    /// <summary>
    /// What of the result is not shown: the ways to members, such as <c>card.number</c>, or <c>*</c> for all of it.
    /// Empty (the default) when all of it is shown.
    /// </summary>
    public ImmutableArray<string> SensitiveResult
    {
        get;
        init
        {
            field = value;
            SensitiveParameters = Sensitive(Parameters, value);
        }
    } = [];

    /// <summary>
    /// What is not shown, as <see cref="Job.SensitiveParameters"/> names it; that of <see cref="Parameters"/> and of
    /// <see cref="SensitiveResult"/>.
    /// </summary>
    public ImmutableArray<string> SensitiveParameters { get; private init; } = [];

    /// <summary>
    /// True unless the arguments reach a parameter that the handler does not have: then a newer definition of the job
    /// wrote them.
    /// </summary>
    /// <param name="reach">The number of the last parameter that is written; 0 when it is not known.</param>
    /// <remarks>A definition by hand need not say its parameters; it takes all arguments.</remarks>
    internal bool Takes(int reach) => reach <= Parameters.Length || !SaysParameters;

    /// <summary>False when the definition is by hand and names no parameters.</summary>
    internal bool SaysParameters => BindArguments is not null || !Parameters.IsEmpty;

    /// <summary>Where the code stands, as <c>Shop.MailJobs.WelcomeAsync</c>; for people.</summary>
    public string Handler { get; init; } = "";

    /// <summary>The queue when the caller names none; null for the client's default.</summary>
    public string? Queue { get; init; }

    /// <summary>0 (first, the default) to 9.</summary>
    public int Priority { get; init; }

    /// <summary>On what the handler runs.</summary>
    public JobExecution Execution { get; init; }

    /// <summary>Null (the default): the worker's policy.</summary>
    public RetryPolicy? Retry { get; init; }

    /// <summary>Tries at the most; null (the default): the number of the policy.</summary>
    public int? MaxAttempts { get; init; }

    /// <summary>Null (the default): the worker's setting.</summary>
    public TimeSpan? SoftTimeLimit { get; init; }

    /// <summary>Null (the default): the worker's setting.</summary>
    public TimeSpan? TimeLimit { get; init; }

    /// <summary>False to keep no result.</summary>
    public bool KeepResult { get; init; } = true;

    /// <summary>Filters for this job only; each implements IJobFilter.</summary>
    public ImmutableArray<Type> Filters { get; init; } = [];

    private static ImmutableArray<string> Sensitive(
        ImmutableArray<JobParameter> parameters, ImmutableArray<string> result)
    {
        var names = result.IsDefaultOrEmpty ? [] : result.Select(SensitiveName.OfResult).ToList();
        parameters = parameters.IsDefault ? [] : parameters;
        for (var i = 0; i < parameters.Length; i++)
        {
            var (parameter, end) = (parameters[i], string.Create(CultureInfo.InvariantCulture, $"#{i + 1}"));
            names.AddRange(parameter.IsSensitive
                ? [parameter.Name + end]
                : parameter.SensitiveMembers.Select(member => $"{parameter.Name}.{member}{end}"));
        }

        return SensitiveName.Read(names);
    }
}

/// <summary>The jobs of one assembly, written by the generator.</summary>
/// <remarks>Immutable, safe for use by several threads.</remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class JobCatalog
{
    /// <summary>Makes a catalog.</summary>
    /// <param name="jobs">The jobs.</param>
    /// <param name="registerHandlers">Registers the handler classes that need a scope as scoped services, and the
    /// filters of single jobs; null for none.</param>
    public JobCatalog(
        IEnumerable<JobDefinition> jobs,
        Action<Microsoft.Extensions.DependencyInjection.IServiceCollection>? registerHandlers = null)
    {
        Jobs = [.. jobs];
        RegisterHandlers = registerHandlers ?? (static _ => { });
    }

    /// <summary>The jobs.</summary>
    public ImmutableArray<JobDefinition> Jobs { get; }

    /// <summary>
    /// The name of the assembly whose jobs these are, under which the storage keeps its schedules. Null (the default):
    /// its schedules belong to the app (<see cref="LovageOptions.App"/>).
    /// </summary>
    /// <remarks>
    /// Every process that adds the catalog has the same schedules, so a web app and a worker can share one.
    /// </remarks>
    public string? Name { get; init; }

    /// <summary>
    /// The assembly, whose version is that of the schedules. Null (the default): they have the version of the app.
    /// </summary>
    public Assembly? Assembly { get; init; }

    /// <summary>The schedules that handlers carry; none by default.</summary>
    public ImmutableArray<JobSchedule> Schedules { get; init; } = [];

    /// <summary>Registers the handler classes and the filters of single jobs; called once by AddJobs.</summary>
    public Action<Microsoft.Extensions.DependencyInjection.IServiceCollection> RegisterHandlers { get; }
}

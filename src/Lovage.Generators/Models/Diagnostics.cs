using System.Collections.Immutable;
using Microsoft.CodeAnalysis;

namespace Lovage.Generators;

/// <summary>
/// All diagnostics of the generator and the analyzer. docs/errors.md explains each id, with cause and fix.
/// </summary>
internal static class Diagnostics
{
    private const string HelpRoot = "docs/errors.md#";

    internal static readonly DiagnosticDescriptor DuplicateName = Error(
        "LVG0001",
        "Two handlers share a job name",
        "'{0}' is already the name or an alias of the job handled by '{1}'; give one of them a name of its own: "
            + "[Job(\"...\")]");

    internal static readonly DiagnosticDescriptor NotSerializable = Error(
        "LVG0002", "A payload cannot be JSON", "{0} of type '{1}' cannot travel in a message: {2}");

    internal static readonly DiagnosticDescriptor StaticWithoutAsync = Error(
        "LVG0003",
        "A static handler hides its own factory",
        "The static handler '{0}' would be called instead of its factory '{1}.{0}(...)'; rename it to '{0}Async'");

    internal static readonly DiagnosticDescriptor AsyncVoid = Error(
        "LVG0004",
        "A handler is async void",
        "'{0}' is async void: a worker could not wait for it and its errors would end the process; return Task");

    internal static readonly DiagnosticDescriptor NoCancellationToken = Info(
        "LVG0005",
        "An async handler cannot be cancelled",
        "'{0}' takes no CancellationToken: cancelling, time limits and a graceful stop do not reach it; add one as "
            + "the last parameter");

    internal static readonly DiagnosticDescriptor NoContract = Warning(
        "LVG0006",
        "A payload has no source-generated JSON contract",
        "No JSON contract is known for '{0}' and reflection-based serialization is off; add "
            + "[JsonSerializable(typeof({0}))] to a JsonSerializerContext of the app");

    internal static readonly DiagnosticDescriptor BadName = Error(
        "LVG0007",
        "A job name is not valid",
        "'{0}' is not a job name: 1 to 255 characters of A-Z a-z 0-9 . _ - : < > [ ] / are expected");

    internal static readonly DiagnosticDescriptor BadQueue = Error(
        "LVG0008",
        "A queue name is not valid",
        "'{0}' is not a queue name: 1 to 64 characters of A-Z a-z 0-9 . _ - are expected, and not one that Celery or "
            + "RabbitMQ keep for themselves (unacked, _kombu.*, amq.*, celery-task-meta-*)");

    internal static readonly DiagnosticDescriptor OutOfRange = Error(
        "LVG0009", "A job option is out of range", "{0} is {1}; {2} is expected");

    internal static readonly DiagnosticDescriptor BadHandler = Error(
        "LVG0010", "A method cannot be a handler", "'{0}' cannot be a job handler: {1}");

    internal static readonly DiagnosticDescriptor TwiceTheSame = Error(
        "LVG0011",
        "A handler takes the same service parameter twice",
        "'{0}' takes two parameters of type {1}; one attempt has one of them, so leave one out");

    internal static readonly DiagnosticDescriptor FactoryClash = Error(
        "LVG0012",
        "A factory would clash",
        "The factory '{0}' of '{1}' would clash with '{2}', which has the same name and payload; rename one of them");

    internal static readonly DiagnosticDescriptor NotAFilter = Error(
        "LVG0013", "A filter is no job filter", "'{0}' is named in Filters but {1}");

    internal static readonly DiagnosticDescriptor ByReference = Error(
        "LVG0014",
        "A handler's parameter is passed by reference",
        "Parameter '{0}' is {1}; a job's arguments are copies, so pass it by value");

    internal static readonly DiagnosticDescriptor NotAnException = Error(
        "LVG0015", "A retry rule names no exception", "'{0}' is named in {1} but {2}");

    internal static readonly DiagnosticDescriptor SameWireName = Error(
        "LVG0016",
        "Two parameters share a name on the wire",
        "Parameters '{0}' and '{1}' are both '{2}' on the wire; rename one of them");

    internal static readonly DiagnosticDescriptor OldLanguage = Error(
        "LVG0017",
        "The C# version is too old for Lovage's factories",
        "Job factories are C# 14 extension members, and this project is compiled as C# {0}; remove LangVersion or set "
            + "it to 14 or later");

    internal static readonly DiagnosticDescriptor UncheckedRule = Warning(
        "LVG0018", "A validation attribute is not checked", "'{0}' on {1} is not checked: {2}");

    internal static readonly DiagnosticDescriptor CapturedRequest = Warning(
        "LVG0021",
        "A task captures the request",
        "The task captures {0} ({1}) of the request, which is over when it runs: it would read a finished request, or "
            + "the next one's; read what it needs before, and capture that");

    internal static readonly DiagnosticDescriptor CapturedService = Warning(
        "LVG0022",
        "A task captures a scoped service",
        "The task captures {0} ({1}), a service of a scope that ends before it runs; let its delegate take the "
            + "service as a parameter: it comes from a scope of the task's own then");

    internal static readonly DiagnosticDescriptor BadSchedule = Error(
        "LVG0023", "A schedule is not valid", "The schedule of '{0}' cannot be used: {1}");

    internal static readonly DiagnosticDescriptor BadCron = Error(
        "LVG0024", "A cron expression is not valid", "'{0}' is no cron expression: {1}");

    internal static readonly DiagnosticDescriptor ScheduleWithoutJob = Error(
        "LVG0025",
        "A schedule stands on a method that is no job",
        "'{0}' has a [Schedule] and no [Job], so it would never run; mark it [Job] too");

    internal static readonly DiagnosticDescriptor MisreadEndpoint = Error(
        "LVG0026",
        "The request-delegate generator misreads an endpoint",
        "ASP.NET Core's request-delegate generator does not see the generated '{0}', so it {1}");

    internal static readonly DiagnosticDescriptor LosesMembers = Warning(
        "LVG0027", "A payload does not come back whole", "{0} of type '{1}' does not come back whole: {2}");

    internal static readonly DiagnosticDescriptor CallWhereJobIsDescribed = Error(
        "LVG0028",
        "A job is expected, and a call is given",
        "'{0}' takes the description of a job, and {1}; write {2}");

    internal static readonly DiagnosticDescriptor ServiceAsPayload = Warning(
        "LVG0029",
        "A service is given as a payload",
        "Parameter '{0}' of type '{1}' is stored as JSON, and {2}; take a service in the constructor of the handler's "
            + "class, which the scope of each attempt makes");

    internal static readonly DiagnosticDescriptor BadTag = Error(
        "LVG0030", "A tag cannot be written", "The [Tag] of parameter '{0}' cannot be used: {1}");

    internal static readonly DiagnosticDescriptor LooksSecret = Info(
        "LVG0031",
        "A parameter looks like a secret",
        "Parameter '{0}' looks like a secret, and every person who may see jobs sees it; mark it [Sensitive], or send "
            + "a reference to where it is kept");

    /// <summary>Every rule, by id.</summary>
    internal static readonly ImmutableArray<DiagnosticDescriptor> All =
    [
        DuplicateName, NotSerializable, StaticWithoutAsync, AsyncVoid, NoCancellationToken, NoContract, BadName,
        BadQueue, OutOfRange, BadHandler, TwiceTheSame, FactoryClash, NotAFilter, ByReference, NotAnException,
        SameWireName, OldLanguage, UncheckedRule, CapturedRequest, CapturedService, BadSchedule, BadCron,
        ScheduleWithoutJob, MisreadEndpoint, LosesMembers, CallWhereJobIsDescribed, ServiceAsPayload,
        BadTag, LooksSecret,
    ];

    /// <summary>The rule with this id.</summary>
    internal static DiagnosticDescriptor Rule(string id) => All.First(rule => rule.Id == id);

    private static DiagnosticDescriptor Error(string id, string title, string message) =>
        New(id, title, message, DiagnosticSeverity.Error);

    private static DiagnosticDescriptor Warning(string id, string title, string message) =>
        New(id, title, message, DiagnosticSeverity.Warning);

    private static DiagnosticDescriptor Info(string id, string title, string message) =>
        New(id, title, message, DiagnosticSeverity.Info);

    private static DiagnosticDescriptor New(string id, string title, string message, DiagnosticSeverity severity) =>
        new(
            id,
            title,
            message,
            "Lovage",
            severity,
            isEnabledByDefault: true,
            helpLinkUri: HelpRoot + id.ToLowerInvariant());
}

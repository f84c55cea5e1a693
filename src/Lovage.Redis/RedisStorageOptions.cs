using StackExchange.Redis;

namespace Lovage.Redis;

/// <summary>Which server, and how it is used.</summary>
public sealed record RedisStorageOptions
{
    /// <summary>
    /// The server, as StackExchange.Redis has it: <c>ConfigurationOptions.Parse("localhost:6379")</c>. No default: it
    /// must be given. The storage sets the options on which its promises rest.
    /// </summary>
    public required ConfigurationOptions Configuration { get; init; }

    /// <summary>
    /// What the storage's own keys begin with: 1 to 100 characters; <c>lovage:</c> by default. Apps with different
    /// prefixes share the queues of Celery and nothing else.
    /// </summary>
    public string Prefix { get; init; } = "lovage:";

    /// <summary>
    /// What the keys of kombu and Celery begin with (<c>global_keyprefix</c> of <c>broker_transport_options</c> and
    /// <c>result_backend_transport_options</c>); empty by default.
    /// </summary>
    public string GlobalKeyPrefix { get; init; } = "";

    /// <summary>
    /// kombu's <c>priority_steps</c>: the priorities, 0 to 9, that have a list of their own; 0, 3, 6 and 9 by default.
    /// Every client and worker of a queue must have the same.
    /// </summary>
    public IReadOnlyList<int> PrioritySteps { get; init; } = [0, 3, 6, 9];

    /// <summary>Measures waits; the system's by default. The server's clock judges leases and due times.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>True for priorities that rise from 0 to 9 at the most.</summary>
    internal static bool AreSteps(IReadOnlyList<int> steps) =>
        steps is [0, ..] && steps[^1] <= 9 && steps.Zip(steps.Skip(1)).All(static pair => pair.First < pair.Second);

    /// <summary>A clock in place of the server's; null to ask the server.</summary>
    internal TimeProvider? Clock { get; init; }
}

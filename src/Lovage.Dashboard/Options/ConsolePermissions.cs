namespace Lovage.Dashboard;

/// <summary>What a person may do in the console.</summary>
[Flags]
public enum ConsolePermissions
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Read jobs, queues, workers, schedules and errors, without arguments and results.</summary>
    View = 1,

    /// <summary>Read arguments, results, headers and raw messages as well. Sensitive values stay hidden.</summary>
    ViewPayloads = 2,

    /// <summary>Change jobs, pause queues and schedules, and enqueue.</summary>
    Operate = 4,

    /// <summary>Purge queues, control workers, and add, override or delete schedules.</summary>
    Administer = 8,

    /// <summary>All of them.</summary>
    All = View | ViewPayloads | Operate | Administer,
}

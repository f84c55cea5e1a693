namespace Lovage.Spawning;

/// <summary>What a gathering does for each item.</summary>
/// <param name="Name">What the whole is called.</param>
internal abstract record GatheredWork<TItem, TResult>(string Name)
{
    /// <summary>True when the work for an item that was taken begins even if all of it is cancelled by then.</summary>
    internal virtual bool StartsAlways => false;

    /// <summary>What the work for one item is called where it is reported.</summary>
    internal virtual string NameOf(TItem item) => Name;

    /// <summary>The work for one item.</summary>
    internal abstract LocalCall<TResult> Call(TItem item);

    /// <summary>The wait before it.</summary>
    internal virtual TimeSpan Delay(TItem item) => TimeSpan.Zero;
}

/// <summary>The same delegate for each item.</summary>
internal sealed record DelegateWork<TItem, TResult>(
    string Name, Func<TItem, CancellationToken, Task<TResult>> Run) : GatheredWork<TItem, TResult>(Name)
{
    internal override bool StartsAlways => true;

    internal override LocalCall<TResult> Call(TItem item) => new PartCall<TResult>(token => Run(item, token));
}

/// <summary>Each item is a job, run as often as its own policy says.</summary>
internal sealed record JobWork<TResult>(LocalJobs Jobs, IServiceProvider? Services)
    : GatheredWork<Job<TResult>, TResult>("jobs")
{
    internal override string NameOf(Job<TResult> item) => item.Name;

    internal override LocalCall<TResult> Call(Job<TResult> item) => Jobs.Awaited<TResult>(item, Services);

    internal override TimeSpan Delay(Job<TResult> item) => Jobs.Delay(item);
}

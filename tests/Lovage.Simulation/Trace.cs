namespace Lovage.Simulation;

/// <summary>
/// What happened, as a hash that two runs of a seed must share, and as text when a person wants to read it.
/// </summary>
internal sealed class Trace(Func<long> now, Action<string>? write)
{
    private const ulong Prime = 1099511628211;

    internal ulong Hash { get; private set; } = 14695981039346656037;

    internal void Add(string what, string who, string about)
    {
        var moment = now();
        Mix((ulong)moment);
        Mix(what);
        Mix(who);
        Mix(about);
        write?.Invoke($"{TimeSpan.FromTicks(moment).TotalSeconds,10:0.000} {who,-10} {what,-12} {about}");
    }

    internal void Add(string what, string who, int job, long number)
    {
        var moment = now();
        Mix((ulong)moment);
        Mix(what);
        Mix(who);
        Mix((ulong)job);
        Mix((ulong)number);
        write?.Invoke($"{TimeSpan.FromTicks(moment).TotalSeconds,10:0.000} {who,-10} {what,-12} job {job} #{number}");
    }

    private void Mix(ulong value) => Hash = (Hash ^ value) * Prime;

    private void Mix(string text)
    {
        foreach (var character in text)
        {
            Mix(character);
        }
    }
}

using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace Lovage;

/// <summary>All jobs that this process can run, by name and by former name.</summary>
/// <remarks>Immutable, safe for use by several threads.</remarks>
public sealed class JobRegistry
{
    private readonly FrozenDictionary<string, JobDefinition> _byName;

    /// <summary>Makes a registry.</summary>
    /// <param name="catalogs">The catalogs; the same catalog given twice counts once.</param>
    /// <exception cref="ArgumentException">Two jobs share a name or a former name.</exception>
    public JobRegistry(params IEnumerable<JobCatalog> catalogs)
    {
        ArgumentNullException.ThrowIfNull(catalogs);
        Jobs =
        [
            .. catalogs.Distinct().SelectMany(catalog => catalog.Jobs).OrderBy(job => job.Name, StringComparer.Ordinal),
        ];
        var byName = new Dictionary<string, JobDefinition>(StringComparer.Ordinal);
        foreach (var job in Jobs)
        {
            foreach (var name in job.Aliases.Prepend(job.Name))
            {
                if (!byName.TryAdd(name, job))
                {
                    throw new ArgumentException(
                        $"Two jobs are called '{name}': {byName[name].Handler} and {job.Handler}. Give one of them "
                            + "another name in its [Job] attribute.",
                        nameof(catalogs));
                }
            }
        }

        _byName = byName.ToFrozenDictionary(StringComparer.Ordinal);
    }

    /// <summary>All jobs, by name.</summary>
    public ImmutableArray<JobDefinition> Jobs { get; }

    /// <summary>Looks a job up by its name or a former one. A name never becomes a type.</summary>
    /// <param name="name">The name on the wire.</param>
    /// <param name="job">The job.</param>
    public bool TryFind(string name, [NotNullWhen(true)] out JobDefinition? job) => _byName.TryGetValue(name, out job);

    /// <summary>
    /// Finds the registered name that is nearest to an unknown one, for an error message; null when none is near.
    /// </summary>
    /// <param name="name">The name that was not found.</param>
    public string? Nearest(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var best = _byName.Keys.Select(key => (Key: key, Distance: Distance(key, name)))
            .OrderBy(pair => pair.Distance)
            .FirstOrDefault();
        return best.Key is not null && best.Distance <= Math.Max(2, name.Length / 4) ? best.Key : null;
    }

    private static int Distance(string a, string b)
    {
        var previous = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var current = new int[b.Length + 1];
            current[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                current[j] = Math.Min(
                    Math.Min(current[j - 1], previous[j]) + 1, previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
            }

            previous = current;
        }

        return previous[b.Length];
    }
}

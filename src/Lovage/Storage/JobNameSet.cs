using System.Collections.Frozen;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Lovage.Storage;

/// <summary>
/// The jobs that a worker knows: their names, how many parameters they take, and what a form needs. A digest tells two
/// sets apart; by it a storage keeps each set once.
/// </summary>
/// <remarks>Immutable, safe for use by several threads.</remarks>
public sealed class JobNameSet
{
    /// <summary>Characters of all descriptions at the most: 1 Mi. Beyond that, schemas are left out.</summary>
    private const int DescriptionsMax = 1024 * 1024;

    // No job's name has one. Another name that has one, or that looks like a description, is followed by one.
    private const char Separator = ' ';

    private readonly Lazy<string> _digest;

    /// <summary>Makes a set.</summary>
    /// <param name="names">The names, in any order; each counts once.</param>
    public JobNameSet(IEnumerable<string> names)
        : this(names, FrozenDictionary<string, int>.Empty)
    {
    }

    /// <summary>Makes a set.</summary>
    /// <param name="names">The names, in any order; each counts once.</param>
    /// <param name="parameters">How many parameters jobs of these names take; a name may be missing.</param>
    public JobNameSet(IEnumerable<string> names, IReadOnlyDictionary<string, int> parameters)
        : this(names, parameters, [])
    {
    }

    private JobNameSet(
        IEnumerable<string> names, IReadOnlyDictionary<string, int> parameters, IReadOnlyList<JobCatalogEntry> jobs)
    {
        ArgumentNullException.ThrowIfNull(names);
        ArgumentNullException.ThrowIfNull(parameters);
        Names = [.. names.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        Parameters = parameters;
        var descriptions = new List<string>(jobs.Count);
        Jobs = Bounded(jobs.OrderBy(static job => job.Name, StringComparer.Ordinal), descriptions);
        Entries = [.. Names.Select(name => Entry(name, parameters)), .. descriptions];
        _digest = new(() => Convert.ToHexStringLower(
            SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', Entries))).AsSpan(0, 16)));
    }

    /// <summary>The names, sorted.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>How many parameters jobs take, by name; a name is missing when its definition does not say.</summary>
    public IReadOnlyDictionary<string, int> Parameters { get; }

    /// <summary>The jobs that are described, by name; none where only names are known.</summary>
    public IReadOnlyList<JobCatalogEntry> Jobs { get; }

    /// <summary>
    /// What a storage keeps: a text for each name, in their order, with the number of parameters where it is known.
    /// Then a text for each job that is described.
    /// </summary>
    public IReadOnlyList<string> Entries { get; }

    /// <summary>32 hexadecimal digits that depend on names, numbers and descriptions alone.</summary>
    public string Digest => _digest.Value;

    /// <summary>Makes a set of jobs with their descriptions.</summary>
    /// <param name="jobs">The jobs, in any order. Their former names count too.</param>
    public static JobNameSet Of(IReadOnlyList<JobCatalogEntry> jobs)
    {
        ArgumentNullException.ThrowIfNull(jobs);
        return new JobNameSet(
            jobs.SelectMany(NamesOf),
            jobs.Where(static job => job.Parameters is not null)
                .SelectMany(static job => NamesOf(job).Select(name => (Name: name, job.Parameters!.Count)))
                .DistinctBy(static known => known.Name)
                .ToDictionary(static known => known.Name, static known => known.Count, StringComparer.Ordinal),
            jobs);
    }

    /// <summary>Reads what a storage has kept.</summary>
    /// <param name="entries">The texts of <see cref="Entries"/>.</param>
    public static JobNameSet FromEntries(IEnumerable<string> entries)
    {
        ArgumentNullException.ThrowIfNull(entries);
        var names = new List<string>();
        var parameters = new Dictionary<string, int>(StringComparer.Ordinal);
        var jobs = new List<JobCatalogEntry>();
        foreach (var entry in entries)
        {
            if (JobEntryText.Is(entry))
            {
                if (JobEntryText.Read(entry) is { } job)
                {
                    jobs.Add(job);
                }

                continue;
            }

            var end = entry.LastIndexOf(Separator);
            var name = end < 0 ? entry : entry[..end];
            names.Add(name);
            if (int.TryParse(entry.AsSpan(end + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count)
                && end >= 0)
            {
                parameters[name] = count;
            }
        }

        return new JobNameSet(names, parameters, jobs);
    }

    private static IEnumerable<string> NamesOf(JobCatalogEntry job) => job.Aliases.Prepend(job.Name);

    /// <summary>The jobs, without the schemas of those at the end when all together are too large.</summary>
    private static List<JobCatalogEntry> Bounded(IEnumerable<JobCatalogEntry> jobs, List<string> descriptions)
    {
        var bounded = new List<JobCatalogEntry>();
        var length = 0;
        foreach (var job in jobs)
        {
            var (kept, text) = (job, JobEntryText.Write(job));
            if (length + text.Length > DescriptionsMax && job.Schema is not null)
            {
                kept = job with { Schema = null };
                text = JobEntryText.Write(kept);
            }

            length += text.Length;
            bounded.Add(kept);
            descriptions.Add(text);
        }

        return bounded;
    }

    private static string Entry(string name, IReadOnlyDictionary<string, int> parameters) =>
        parameters.TryGetValue(name, out var count)
            ? string.Create(CultureInfo.InvariantCulture, $"{name}{Separator}{count}")
            : name.Contains(Separator) || JobEntryText.Is(name) ? name + Separator
            : name;
}

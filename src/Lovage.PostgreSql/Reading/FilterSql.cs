using System.Globalization;
using Lovage.PostgreSql.Commands;
using Lovage.PostgreSql.Schema;
using Lovage.Storage;

namespace Lovage.PostgreSql.Reading;

/// <summary>
/// The conditions of one query as SQL over <c>message m</c>, <c>course c</c> and <c>claim k</c>, with their parameters.
/// </summary>
/// <remarks>Belongs to one call. Parameters get their numbers as conditions are asked for.</remarks>
internal sealed class FilterSql
{
    private readonly List<Action<Statement>> _values = [];
    private readonly int _first;

    /// <param name="first">The number of its first parameter.</param>
    internal FilterSql(int first) => _first = first;

    /// <summary>Adds a parameter and returns its number, such as <c>$5</c>.</summary>
    internal string Parameter(Action<Statement> add)
    {
        _values.Add(add);
        return string.Create(CultureInfo.InvariantCulture, $"${_first + _values.Count - 1}");
    }

    /// <summary>Adds a text and returns its number.</summary>
    internal string Text(string text) => Parameter(statement => statement.Add(text));

    /// <summary>Adds all parameters to a statement that has those before them.</summary>
    internal Statement AddTo(Statement statement)
    {
        foreach (var add in _values)
        {
            add(statement);
        }

        return statement;
    }

    /// <summary>True when a query asks for more than all jobs.</summary>
    internal static bool HasMatches(JobQuery query, FilterWords words) =>
        query.States.Count > 0
        || words != default
        || query is not
        {
            Since: null,
            Until: null,
            Tag: null,
            ScheduleId: null,
            EditedFrom: null,
            RootId: null,
            ArgumentText: null,
        };

    /// <summary>Joins to keys <c>b</c> of a source one row for each job that matches; nothing when all do.</summary>
    /// <remarks>Row by row (OFFSET 0), so that no more jobs are looked up than are needed.</remarks>
    internal string Matches(KeySource source, JobQuery query, FilterWords words) => source.IsExact ? "" : $"""
        CROSS JOIN LATERAL (
          SELECT 1 AS one FROM lovage.message m LEFT JOIN lovage.course c ON c.job = m.key
            LEFT JOIN lovage.claim k ON k.job = m.key
          WHERE m.key = b.key{OfMessage(query, words)}{OfRest(query, words)} OFFSET 0) t
        """;

    /// <summary>
    /// Conditions over the plain columns and the marks of <c>message m</c>, each with an AND before it.
    /// </summary>
    internal string OfMessage(JobQuery query, FilterWords words) => And([
        words.Name is { } name ? $"m.name = {Parameter(statement => statement.Add(name))}" : null,
        words.Queue is { } queue ? $"m.queue = {Parameter(statement => statement.Add(queue))}" : null,
        query.Tag is { } tag ? HasMark(Marks.Tag, tag) : null,
        query.ScheduleId is { } schedule ? HasMark(Marks.Schedule, schedule) : null,
        query.EditedFrom is { } edited ? HasMark(Marks.EditedFrom, edited) : null,
        query.RootId is { } root
            ? $"(m.id = {Text(root)} OR {HasMark(Marks.Root, root)})" : null,
    ]) + OfTime(query);

    /// <summary>
    /// A condition over <c>course c</c>, with an AND before it: it tells the states of jobs that no worker holds. Empty
    /// when a job that is held, or has no row there, may match too.
    /// </summary>
    internal string OfCourse(JobQuery query) =>
        query.States.Count == 0 || query.States.Any(static state => state is JobState.Queued or JobState.Running)
            ? ""
            : $" AND c.state = ANY ({Parameter(statement => statement.Add(Numbers(query.States)))})";

    /// <summary>Conditions over the time at which <c>message m</c> was stored, each with an AND before it.</summary>
    internal string OfTime(JobQuery query) => And([
        query.Since is { } since
            ? $"m.enqueued_at >= {Parameter(statement => statement.Add(StorageTime.From(since)))}" : null,
        query.Until is { } until
            ? $"m.enqueued_at < {Parameter(statement => statement.Add(StorageTime.From(until)))}" : null,
    ]);

    /// <summary>
    /// Conditions over what has become of the job, and over its arguments, which may be long, each with an AND before
    /// it.
    /// </summary>
    private string OfRest(JobQuery query, FilterWords words) => And([
        query.States.Count > 0
            ? $"{Sql.State} = ANY ({Parameter(statement => statement.Add(Numbers(query.States)))})" : null,
        words.Worker is { } worker
            ? $"{JobReading.WorkerOf} = {Parameter(statement => statement.Add(worker))}" : null,
        words.Fingerprint is { } fingerprint
            ? $"c.fingerprint = {Parameter(statement => statement.Add(fingerprint))}" : null,
        query.ArgumentText is { } part ? $"position(convert_to({Text(part)}, 'UTF8') IN m.body) > 0" : null,
    ]);

    private string HasMark(string kind, string text) => $"""
        EXISTS (SELECT 1 FROM lovage.mark x WHERE x.kind = {kind} AND x.text = {Text(text)} AND x.job = m.key)
        """;

    private static int[] Numbers(IReadOnlyList<JobState> states) =>
        [.. states.Distinct().Select(static state => (int)state)];

    private static string And(IEnumerable<string?> conditions) =>
        string.Concat(conditions.OfType<string>().Select(static condition => $" AND {condition}"));
}

namespace Lovage.PostgreSql.Life;

/// <summary>The one part of a statement that writes <c>course</c>, from columns that the verbs yield.</summary>
/// <remarks>
/// One statement may change a row only once: PostgreSQL would lose a second change of it without an error. A statement
/// with two of these writes disjoint rows. Something that must see an end is a later statement of the same transaction,
/// never another part of this one.
/// </remarks>
internal static class CourseWrite
{
    /// <summary>Writes rows of jobs that have none.</summary>
    /// <param name="relation">The jobs.</param>
    /// <param name="condition">Which of them, over <c>o</c>.</param>
    /// <param name="columns">What is written.</param>
    internal static string Insert(string relation, string condition, params CourseColumn[] columns)
    {
        var written = Array.FindAll(columns, static column => column.For != CourseRows.Known);
        return $"""
            INSERT INTO lovage.course(job, {Names(written)})
              SELECT o.job, {Values(written)} FROM {relation} o WHERE {condition}
            """;
    }

    /// <summary>Changes rows of jobs that have one.</summary>
    /// <inheritdoc cref="Insert"/>
    internal static string Update(string relation, string condition, params CourseColumn[] columns)
    {
        var changes = columns.Where(static column => column.For != CourseRows.New)
            .Select(static column => $"{column.Name} = {(column.For == CourseRows.KnownOnlyWhenNotNull
                ? $"coalesce({column.Value}, c.{column.Name})" : column.Value)}");
        return $"""
            UPDATE lovage.course c SET {string.Join(", ", changes)}
              FROM {relation} o WHERE {condition} AND c.job = o.job
            """;
    }

    /// <summary>Writes rows of jobs that may have one.</summary>
    /// <remarks>To look for a row first costs half as much again as an insert: use it where rows are few.</remarks>
    /// <inheritdoc cref="Insert"/>
    internal static string Upsert(string relation, string condition, params CourseColumn[] columns)
    {
        var written = Array.FindAll(columns, static column => column.For != CourseRows.Known);
        var changes = columns.Where(static column => column.For != CourseRows.New)
            .Select(static column => $"{column.Name} = {column.For switch
            {
                CourseRows.Known => column.Value,
                CourseRows.KnownOnlyWhenNotNull => $"coalesce(excluded.{column.Name}, c.{column.Name})",
                _ => $"excluded.{column.Name}",
            }}");
        return $"""
            INSERT INTO lovage.course AS c (job, {Names(written)})
              SELECT o.job, {Values(written)} FROM {relation} o WHERE {condition}
              ON CONFLICT (job) DO UPDATE SET {string.Join(", ", changes)}
            """;
    }

    /// <summary>A job that stands in a queue again, at a place of its own.</summary>
    internal static CourseColumn[] Place(string state, string seq) => [new("state", state), new("seq", seq)];

    private static string Names(CourseColumn[] columns) =>
        string.Join(", ", columns.Select(static column => column.Name));

    private static string Values(CourseColumn[] columns) =>
        string.Join(", ", columns.Select(static column => column.Value));
}

/// <summary>Which rows of <c>course</c> get a column.</summary>
internal enum CourseRows
{
    /// <summary>All.</summary>
    All = 0,

    /// <summary>Those of jobs that had none.</summary>
    New = 1,

    /// <summary>Those of jobs that had one.</summary>
    Known = 2,

    /// <summary>All, but a null leaves what a known row has.</summary>
    KnownOnlyWhenNotNull = 3,
}

/// <summary>A column of <c>course</c> and its value.</summary>
/// <param name="Name">The column.</param>
/// <param name="Value">An expression over the relation <c>o</c>.</param>
/// <param name="For">Which rows get it.</param>
internal readonly record struct CourseColumn(string Name, string Value, CourseRows For = CourseRows.All);

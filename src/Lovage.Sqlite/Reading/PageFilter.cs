using System.Globalization;
using System.Text;
using Lovage.Sqlite.Native;
using Lovage.Sqlite.Schema;
using Lovage.Storage.Columns;
using Lovage.Storage.Plans;

namespace Lovage.Sqlite.Reading;

/// <summary>
/// What a query asks of jobs, as conditions in SQL, and the statement that yields the candidates: by a mark, by the
/// fingerprint, by states, or all jobs. Where names, queues or workers are asked for, blocks without them are passed
/// over.
/// </summary>
/// <remarks>
/// Parameters of every statement: ?1 the first key, ?2 the key behind the last, ?3 rows at the most, then the values.
/// </remarks>
internal sealed class PageFilter
{
    /// <summary>Ready and claimed jobs that are looked at all together, at the most.</summary>
    internal const int LiveMax = 20_000;

    private const int FirstValue = 4;
    private const string InRange = "job >= ?1 AND job < ?2";
    private const string Newest = "ORDER BY job DESC LIMIT ?3";
    private const string All =
        "SELECT key AS job FROM lovage_message WHERE key >= ?1 AND key < ?2 ORDER BY key DESC LIMIT ?3";


    private readonly List<object> _values = [];
    private readonly List<string> _conditions = [];
    private readonly List<(BlockKind Kind, long Word)> _words = [];
    private readonly JobQuery _query;
    private bool _needsMessage;
    private bool _needsCourse;
    private string? _text;

    private PageFilter(JobQuery query) => _query = query;

    /// <summary>No job with a smaller key matches.</summary>
    internal long Low { get; private set; }

    /// <summary>No job with this or a greater key matches.</summary>
    internal long High { get; private set; } = long.MaxValue;

    /// <summary>Words that each block with a match has; empty when blocks say nothing.</summary>
    internal IReadOnlyList<(BlockKind Kind, long Word)> Words => _words;

    /// <summary>True when the query looks for a text in the arguments.</summary>
    internal bool SearchesText => _text is not null;

    /// <summary>
    /// Comes back, newest first: key, and 2 for a match, 1 for a match but for the text in the arguments, 0 for none.
    /// </summary>
    internal string Scan { get; private set; } = "";

    /// <summary>Comes back: the keys of candidates, newest first.</summary>
    internal string Candidates { get; private set; } = "";

    /// <summary>The filter of a query; null when no job can match.</summary>
    internal static PageFilter? Of(Reader reader, JobQuery query)
    {
        var filter = new PageFilter(query);
        if (!filter.TryAddWord(reader, query.Name, BlockKind.Name, "m.name")
            || !filter.TryAddWord(reader, query.Queue, BlockKind.Queue, "m.queue")
            || !filter.TryAddWord(
                reader,
                query.Worker,
                BlockKind.Worker,
                "CASE WHEN k.started_at IS NULL THEN c.worker ELSE k.owner END"))
        {
            return null;
        }

        filter.AddTimes(reader);
        filter.AddMarks();
        filter.AddStates();
        filter.Candidates = filter.Source(reader);
        filter.Scan = filter.ScanOf();
        return filter.Low < filter.High ? filter : null;
    }

    /// <summary>A statement of this filter with its values.</summary>
    internal SqliteStatement Bind(SqliteStatement statement, long low, long before, long max)
    {
        statement.Bind(1, low).Bind(2, before).Bind(3, max);
        for (var i = 0; i < _values.Count; i++)
        {
            _ = _values[i] switch
            {
                long number => statement.Bind(FirstValue + i, number),
                string text => statement.Bind(FirstValue + i, text),
                var bytes => statement.BindBlob(FirstValue + i, (byte[])bytes),
            };
        }

        return statement;
    }

    private static string OfMark(JobMarkKind kind, string value) =>
        string.Create(CultureInfo.InvariantCulture, $"kind = {(int)kind} AND text = {value}");

    private static string OfState(JobState state) =>
        $"SELECT job FROM lovage_course WHERE state = {StoredNumbers.Of(state)} AND {InRange} {Newest}";

    private string Add(object value)
    {
        _values.Add(value);
        return string.Create(CultureInfo.InvariantCulture, $"?{_values.Count + FirstValue - 1}");
    }

    private bool TryAddWord(Reader reader, string? text, BlockKind kind, string column)
    {
        if (text is null)
        {
            return true;
        }

        if (reader.Words.Find(text) is not { } word)
        {
            return false;
        }

        _needsCourse |= kind == BlockKind.Worker;
        _needsMessage |= kind != BlockKind.Worker;
        _words.Add((kind, word));
        _conditions.Add($"{column} = {Add(word)}");
        return true;
    }

    private void AddTimes(Reader reader)
    {
        _needsMessage |= _query.Since is not null || _query.Until is not null;
        if (_query.Since is { } since)
        {
            var at = Storage.StorageTime.From(since);
            Low = KeyReading.FirstSince(reader, at);
            _conditions.Add($"m.enqueued_at >= {Add(at)}");
        }

        if (_query.Until is { } until)
        {
            var at = Storage.StorageTime.From(until);
            High = KeyReading.FirstSince(reader, at);
            _conditions.Add($"m.enqueued_at < {Add(at)}");
        }
    }

    private void AddMarks()
    {
        AddMark(JobMarkKind.Tag, _query.Tag);
        AddMark(JobMarkKind.Schedule, _query.ScheduleId);
        AddMark(JobMarkKind.EditedFrom, _query.EditedFrom);
        if (_query.RootId is { } root)
        {
            _needsMessage = true;
            var value = Add(root);
            _conditions.Add($"(m.id = {value} OR {HasMark(JobMarkKind.Root, value)})");
        }

        if (_query.Fingerprint is { } fingerprint)
        {
            _needsCourse = true;
            _conditions.Add($"c.fingerprint = {Add(fingerprint)}");
        }

        if (_query.ArgumentText is { } text)
        {
            _needsMessage = true;
            _text = Add(Encoding.UTF8.GetBytes(text));
        }
    }

    private void AddMark(JobMarkKind kind, string? text)
    {
        if (text is not null)
        {
            _conditions.Add(HasMark(kind, Add(text)));
        }
    }

    private static string HasMark(JobMarkKind kind, string value) =>
        $"EXISTS (SELECT 1 FROM lovage_mark x WHERE {OfMark(kind, value)} AND x.job = s.job)";

    private void AddStates()
    {
        if (_query.States.Count == 0)
        {
            return;
        }

        _needsCourse = true;
        var bits = _query.States.Aggregate(0L, static (all, state) => all | (1L << (int)state));
        _conditions.Add($"""
            ({Add(bits)} >> CASE WHEN k.started_at IS NOT NULL THEN {StoredNumbers.Of(JobState.Running)}
              WHEN k.job IS NOT NULL THEN {StoredNumbers.Of(JobState.Queued)}
              ELSE ifnull(c.state, {StoredNumbers.Of(JobState.Queued)}) END & 1)
            """);
    }

    private string Source(Reader reader)
    {
        (JobMarkKind Kind, string? Text)[] marks =
        [
            (JobMarkKind.EditedFrom, _query.EditedFrom), (JobMarkKind.Tag, _query.Tag),
            (JobMarkKind.Schedule, _query.ScheduleId),
        ];
        foreach (var (kind, text) in marks)
        {
            if (text is not null)
            {
                _words.Clear();
                return $"SELECT job FROM lovage_mark WHERE {OfMark(kind, Add(text))} AND {InRange} {Newest}";
            }
        }

        if (_query.RootId is { } root)
        {
            _words.Clear();
            var value = Add(root);
            return $"""
                SELECT job FROM lovage_mark WHERE {OfMark(JobMarkKind.Root, value)} AND {InRange}
                UNION SELECT key FROM lovage_message WHERE id = {value} AND key >= ?1 AND key < ?2 {Newest}
                """;
        }

        if (_query.Fingerprint is { } fingerprint)
        {
            _words.Clear();
            return $"SELECT job FROM lovage_course WHERE fingerprint = {Add(fingerprint)} AND {InRange} {Newest}";
        }

        return _query.States.Count > 0 ? StateSource(reader) : All;
    }

    private string StateSource(Reader reader)
    {
        var states = _query.States.Distinct().Order().ToList();
        List<string> sources = [.. states.Where(static state => !IsLive(state)).Select(OfState)];
        if (sources.Count < states.Count)
        {
            if (KeyReading.CountLive(reader) > LiveMax)
            {
                // So many stand close together, and the newest of them tells where that is.
                High = sources.Count > 0 ? High : Math.Min(High, KeyReading.NewestLive(reader) + 1);
                return All;
            }

            _words.Clear();
            sources.Add(OfState(JobState.Queued));
            sources.Add($"SELECT job FROM lovage_ready WHERE {InRange}");
            sources.Add($"SELECT job FROM lovage_claim WHERE {InRange}");
        }

        return sources.Count == 1
            ? sources[0]
            : $"{string.Join(" UNION ", sources.Select(static source => $"SELECT job FROM ({source})"))} {Newest}";
    }

    private static bool IsLive(JobState state) => state is JobState.Queued or JobState.Running;

    private string ScanOf()
    {
        var rest = _conditions.Count == 0 ? "1" : string.Join(" AND ", _conditions);
        var match = _text is null ? "2" : $"1 + (instr(m.body, {_text}) > 0)";
        var message = _needsMessage ? "CROSS JOIN lovage_message m ON m.key = s.job" : "";
        var course = _needsCourse
            ? "LEFT JOIN lovage_course c ON c.job = s.job LEFT JOIN lovage_claim k ON k.job = s.job"
            : "";
        return $"SELECT s.job, CASE WHEN {rest} THEN {match} ELSE 0 END FROM ({Candidates}) s {message} {course}";
    }
}

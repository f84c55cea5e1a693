using Lovage.Sqlite.Schema;
using Lovage.Storage;

namespace Lovage.Sqlite.Reading;

/// <summary>
/// Goes through the candidates of a filter, newest first, and stops at a bound: no call reads more, whatever it asks
/// for.
/// </summary>
internal sealed class PageScan(Reader reader, PageFilter filter, int scanMax)
{
    private const int FirstChunk = 256;
    private const int LastChunk = 16_384;

    /// <summary>What a look at a block costs, in candidates.</summary>
    private const int BlockCost = 4;

    private const string SelectBlock = "SELECT 1 FROM lovage_block WHERE block = ?1 AND kind = ?2 AND word = ?3";

    private readonly List<(long Job, long Match)> _chunk = [];
    private int _left = scanMax;
    private int _texts = JobHistory.ArgumentScanMax;

    /// <summary>The key above which all was looked at, when it has stopped at its bound; else null.</summary>
    internal long? StoppedAt { get; private set; }

    /// <summary>True when the bound was that of a search in arguments.</summary>
    internal bool IsPartial { get; private set; }

    /// <summary>The keys of matches, newest first.</summary>
    /// <param name="before">The key below which it begins.</param>
    /// <param name="wanted">Matches at the most.</param>
    internal List<long> Find(long before, long wanted)
    {
        var found = new List<long>();
        var chunk = FirstChunk;
        before = Math.Min(before, filter.High);
        while (before > filter.Low && found.Count < wanted)
        {
            if (_left <= 0)
            {
                Stop(before, isPartial: filter.SearchesText);
                break;
            }

            var from = filter.Low;
            if (filter.Words.Count > 0)
            {
                if (NewestIn(before) is not { } newest)
                {
                    break;
                }

                _left -= BlockCost;
                (from, before) = (Math.Max(from, Tables.FirstKeyOf(Tables.BlockOf(newest))), newest + 1);
                if (!HasWords(Tables.BlockOf(newest)))
                {
                    before = from;
                    continue;
                }
            }

            var max = Math.Min(chunk, Math.Max(1, _left));
            Read(from, before, max);
            _left -= _chunk.Count;
            if (!Take(found, wanted))
            {
                break;
            }

            if (_chunk.Count == max)
            {
                before = _chunk[^1].Job;
            }
            else if (from == filter.Low)
            {
                break;
            }
            else
            {
                before = from;
            }

            chunk = Math.Min(chunk * 4, LastChunk);
        }

        return found;
    }

    /// <returns>False when the bound of a search in arguments is reached.</returns>
    private bool Take(List<long> found, long wanted)
    {
        var last = long.MaxValue;
        foreach (var (job, match) in _chunk)
        {
            if (match > 0 && filter.SearchesText && _texts-- == 0)
            {
                Stop(last == long.MaxValue ? job + 1 : last, isPartial: true);
                return false;
            }

            last = job;
            if (match == 2)
            {
                found.Add(job);
                if (found.Count == wanted)
                {
                    break;
                }
            }
        }

        return true;
    }

    private void Stop(long at, bool isPartial) => (StoppedAt, IsPartial) = (at, isPartial);

    private void Read(long from, long before, int max)
    {
        _chunk.Clear();
        var row = filter.Bind(reader.Statement(filter.Scan), from, before, max);
        while (row.Read())
        {
            _chunk.Add((row.Int64(0), row.Int64(1)));
        }

        _chunk.Sort(static (a, b) => b.Job.CompareTo(a.Job));
    }

    private long? NewestIn(long before)
    {
        // Where words count, candidates need no values.
        var row = reader.Statement(filter.Candidates).Bind(1, filter.Low).Bind(2, before).Bind(3, 1);
        long? newest = row.Read() ? row.Int64(0) : null;
        row.Reset();
        return newest;
    }

    private bool HasWords(long block)
    {
        foreach (var (kind, word) in filter.Words)
        {
            var row = reader.Statement(SelectBlock).Bind(1, block).Bind(2, (long)kind).Bind(3, word);
            var found = row.Read();
            row.Reset();
            if (!found)
            {
                return false;
            }
        }

        return true;
    }
}

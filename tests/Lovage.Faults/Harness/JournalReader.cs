using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Lovage.Faults.Harness;

/// <summary>One line of a journal.</summary>
internal sealed record JournalLine(
    string Word, string Id, int Attempt, long Fence, int Process, long At, string Detail);

/// <summary>Reads the journals of all processes while they grow. For use by one thread.</summary>
internal sealed class JournalReader(string folder)
{
    private readonly Dictionary<string, (long Offset, string CutLine)> _files = [];
    private readonly List<JournalLine> _lines = [];
    private readonly Dictionary<string, HashSet<string>> _ids = [];

    /// <summary>Reads what is new and returns all lines so far.</summary>
    internal IReadOnlyList<JournalLine> Read()
    {
        foreach (var path in Directory.EnumerateFiles(folder, "*.journal"))
        {
            var (offset, rest) = _files.GetValueOrDefault(path, (0, ""));
            using var file = new FileStream(
                path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (file.Length == offset)
            {
                continue;
            }

            file.Position = offset;
            using var reader = new StreamReader(file, Encoding.ASCII);
            var text = rest + reader.ReadToEnd();
            offset = file.Position;
            var end = text.LastIndexOf('\n') + 1;
            _files[path] = (offset, text[end..]);
            foreach (var line in text[..end].Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Parse))
            {
                _lines.Add(line);
                Known(line.Word).Add(line.Id);
            }
        }

        return _lines;
    }

    /// <summary>How many different jobs have finished.</summary>
    internal int FinishedCount => Ids("finish").Count;

    /// <summary>The jobs of which a journal has such a line.</summary>
    internal IReadOnlySet<string> Ids(string word)
    {
        Read();
        return Known(word);
    }

    internal IEnumerable<JournalLine> Of(JobId id, string word) =>
        Read().Where(line => line.Id == id.Value && line.Word == word);

    private HashSet<string> Known(string word)
    {
        if (!_ids.TryGetValue(word, out var ids))
        {
            _ids[word] = ids = [];
        }

        return ids;
    }

    private static JournalLine Parse(string line)
    {
        var words = line.Split(' ');
        return words.Length == 7
            ? new JournalLine(
                words[0],
                words[1],
                int.Parse(words[2], CultureInfo.InvariantCulture),
                long.Parse(words[3], CultureInfo.InvariantCulture),
                int.Parse(words[4], CultureInfo.InvariantCulture),
                long.Parse(words[5], CultureInfo.InvariantCulture),
                words[6])
            : throw new UnreachableException($"'{line}' is no line of a journal.");
    }
}

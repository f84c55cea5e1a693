using System.Text;

namespace Lovage.Faults.Node;

/// <summary>
/// Appends lines to a file of which this process is the only writer, each by one write to the kernel: what was appended
/// outlives a kill of the process, and at most the last line is cut.
/// </summary>
public sealed class LineFile(string path) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly FileStream _file = new(
        path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);

    public void Append(string line)
    {
        var bytes = Encoding.UTF8.GetBytes(line + "\n");
        lock (_lock)
        {
            _file.Write(bytes);
        }
    }

    public void Dispose() => _file.Dispose();
}

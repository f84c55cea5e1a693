using System.Text;

namespace Quickstart;

/// <summary>
/// A text file that grows by whole lines. The one writer of its file in this process: requests that end together must
/// not tear each other's lines.
/// </summary>
public sealed class ItemLog(string path)
{
    private readonly Lock _lock = new();

    public void Append(string line)
    {
        var bytes = Encoding.UTF8.GetBytes(line + "\n");
        lock (_lock)
        {
            // Opened for each line, so that the file may be read, moved away or deleted meanwhile.
            using var file = new FileStream(
                path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            file.Write(bytes);
        }
    }
}

using CsvHelper;
using Lovage;

namespace Quickstart.Jobs.Statistics;

/// <summary>
/// Reads CSV as RFC 4180 writes it. A quote within plain text is that text; other faults of quoting would swallow rows
/// or glue texts together, and are refused.
/// </summary>
public static class Csv
{
    private static readonly CsvReaderOptions Options = new()
    {
        Separator = ',',
        HasHeader = false,
        TrackLineNumbers = true,
        OnMalformedRecord = Refuse,
    };

    /// <summary>Reads the text to its end, so that a caller learns of a broken row before it enqueues a job.</summary>
    /// <exception cref="BadArgumentsException">A quote is never closed, or text follows one that closes.</exception>
    public static void Check(string text)
    {
        using var reader = Open(text);
        while (reader.Read())
        {
        }
    }

    internal static CsvReader Open(string text) => CsvReader.FromText(text, Options);

    private static void Refuse(CsvMalformedRecord record)
    {
        var fault = record.Reason switch
        {
            CsvMalformedReason.UnterminatedQuote => "a quote that is never closed",
            CsvMalformedReason.TextAfterClosingQuote => "text after a closing quote",
            _ => null,
        };
        if (fault is not null)
        {
            throw new BadArgumentsException(
                "process_data", "data", $"The CSV row that begins in line {record.LineNumber} has {fault}.");
        }
    }
}

using System.Globalization;
using System.Text;

namespace Quickstart.Jobs.Mailing;

/// <summary>A mail as RFC 5322 writes it: headers and a body in lines that end in CRLF.</summary>
internal static class EmlText
{
    // RFC 2047: 76 characters of a line with an encoded word, of which "Subject: " and the word's frame take 21. RFC
    // 5322: 998 octets of any line.
    private const int WordBytesMax = 39;
    private const int LineBytesMax = 998;

    /// <exception cref="FormatException">The text is no mail address.</exception>
    internal static string Of(Mail mail, string from, DateTimeOffset date, string id)
    {
        mail.CheckAddress();
        var body = mail.Text.ReplaceLineEndings("\r\n");
        var isShort = body.Split("\r\n").All(line => Encoding.UTF8.GetByteCount(line) <= LineBytesMax)
            && !body.Contains('\0', StringComparison.Ordinal);
        return $"""
            Date: {date.ToUniversalTime().ToString("ddd, dd MMM yyyy HH:mm:ss", CultureInfo.InvariantCulture)} +0000
            From: {from}
            To: {mail.To}
            Message-ID: <{id}@{from[(from.IndexOf('@', StringComparison.Ordinal) + 1)..]}>
            Subject: {Header(mail.Subject)}
            MIME-Version: 1.0
            Content-Type: text/plain; charset=utf-8
            Content-Transfer-Encoding: {(isShort ? "8bit" : "base64")}


            """.ReplaceLineEndings("\r\n")
            + (isShort
                ? body
                : Convert.ToBase64String(Encoding.UTF8.GetBytes(body), Base64FormattingOptions.InsertLineBreaks)
                    + "\r\n");
    }

    /// <summary>
    /// Everything but short printable ASCII becomes encoded words, one a line, so that no text can end the header.
    /// </summary>
    private static string Header(string text)
    {
        if (text.Length <= LineBytesMax / 2
            && text.All(static c => c is >= ' ' and <= '~')
            && text.Trim() == text
            && !text.Contains("=?", StringComparison.Ordinal))
        {
            return text;
        }

        var words = new List<string>();
        var word = new StringBuilder();
        var bytes = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            if (bytes + rune.Utf8SequenceLength > WordBytesMax)
            {
                words.Add(word.ToString());
                word.Clear();
                bytes = 0;
            }

            word.Append(rune);
            bytes += rune.Utf8SequenceLength;
        }

        words.Add(word.ToString());
        return string.Join(
            "\r\n ",
            words.Select(static part => $"=?utf-8?B?{Convert.ToBase64String(Encoding.UTF8.GetBytes(part))}?="));
    }
}

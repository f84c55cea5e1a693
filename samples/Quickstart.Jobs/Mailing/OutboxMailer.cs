using System.Globalization;
using MimeKit;

namespace Quickstart.Jobs.Mailing;

/// <summary>
/// Sends nothing: it writes each mail as a file NAME.eml into a folder, as mail programs save and open them. It is for
/// trials and tests.
/// </summary>
public sealed class OutboxMailer(string folder, TimeProvider time) : IMailer
{
    private static readonly FormatOptions CrLf = Format();

    public async Task SendAsync(Mail mail, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        using var message = mail.ToMessage("quickstart@example.com", now);
        var name = string.Create(
            CultureInfo.InvariantCulture, $"{now:yyyyMMdd'T'HHmmss'Z'}-{Guid.CreateVersion7(now):N}.eml");
        var file = Path.Combine(Directory.CreateDirectory(folder).FullName, name);

        // A program that watches the folder sees whole mails only.
        await message.WriteToAsync(CrLf, file + ".part", cancellationToken);
        File.Move(file + ".part", file);
    }

    private static FormatOptions Format()
    {
        var format = FormatOptions.Default.Clone();
        format.NewLineFormat = NewLineFormat.Dos;
        return format;
    }
}

using System.Globalization;
using System.Text;

namespace Quickstart.Jobs.Mailing;

/// <summary>
/// Sends nothing: it writes each mail as a file NAME.eml into a folder, as mail programs save and open them. It is for
/// trials and tests.
/// </summary>
public sealed class OutboxMailer(string folder, TimeProvider time) : IMailer
{
    public async Task SendAsync(Mail mail, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var id = Guid.CreateVersion7(now).ToString("N");
        var text = EmlText.Of(mail, "quickstart@example.com", now, id);
        var file = Path.Combine(
            Directory.CreateDirectory(folder).FullName,
            string.Create(CultureInfo.InvariantCulture, $"{now:yyyyMMdd'T'HHmmss'Z'}-{id}.eml"));

        // A program that watches the folder sees whole mails only.
        await File.WriteAllTextAsync(
            file + ".part", text, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), cancellationToken);
        File.Move(file + ".part", file);
    }
}

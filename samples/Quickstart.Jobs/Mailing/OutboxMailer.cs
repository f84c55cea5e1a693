using System.Globalization;
using System.Text;

namespace Quickstart.Jobs.Mailing;

/// <summary>
/// Sends nothing: each mail becomes a file NAME.eml in a folder, as a mail program saves and opens it. For trying
/// things out, and for tests.
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

        // Whoever watches the folder sees whole mails only.
        await File.WriteAllTextAsync(
            file + ".part", text, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), cancellationToken);
        File.Move(file + ".part", file);
    }
}

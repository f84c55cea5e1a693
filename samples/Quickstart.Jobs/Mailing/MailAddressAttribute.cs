using System.ComponentModel.DataAnnotations;
using System.Text.RegularExpressions;

namespace Quickstart.Jobs.Mailing;

/// <summary>
/// The text is one bare mail address that can be delivered to: at most 254 ASCII characters, a name of at most 64
/// (letters, digits and <c>!#$%&amp;'*+/=?^_`{|}~-</c>, with single dots between), an @, and a host name of at least
/// two parts. <see cref="EmailAddressAttribute"/> asks for an @ alone: it lets line breaks through, which add headers
/// to a mail. A mail may have quoted names, display names, comments and IP addresses; this attribute refuses them. A
/// host name in another script has its <c>xn--</c> form.
/// </summary>
[AttributeUsage(AttributeTargets.Parameter | AttributeTargets.Property)]
public sealed partial class MailAddressAttribute()
    : ValidationAttribute("'{0}' is no mail address such as name@example.com, of at most 254 characters.")
{
    private const int LengthMax = 254;

    public static bool IsAddress(string text) => text.Length <= LengthMax && Address().IsMatch(text);

    public override bool IsValid(object? value) => value is null || (value is string text && IsAddress(text));

    [GeneratedRegex(
        @"\A(?=[^@]{1,64}@)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@([A-Za-z0-9]"
            + @"([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\z",
        RegexOptions.ExplicitCapture)]
    private static partial Regex Address();
}

using Microsoft.CodeAnalysis;

namespace Lovage.Generators;

/// <summary>Tells which parameters look like secrets by their names.</summary>
internal static class SecretNames
{
    private static readonly string[] Words =
    [
        "password", "passwd", "pwd", "passphrase", "secret", "token", "credential", "credentials", "apikey", "jwt",
        "cvv", "cvc", "iban", "ssn", "otp",
    ];

    private static readonly string[] Pairs =
    [
        "api_key", "access_key", "private_key", "secret_key", "signing_key", "encryption_key", "account_key",
        "card_number", "credit_card", "connection_string", "pass_word", "security_code",
    ];

    // A token of these kinds says where a list goes on, or what a text is made of.
    private static readonly string[] Harmless = ["page_token", "continuation_token", "next_token", "sync_token"];

    /// <summary>True for a text, bytes, an id or a whole number whose name is a secret's.</summary>
    internal static bool IsOne(IParameterSymbol parameter) =>
        CanBeSecret(parameter.Type) && IsOne(Naming.SnakeCase(parameter.Name));

    private static bool IsOne(string name) =>
        !Harmless.Any(harmless => name.EndsWith(harmless, StringComparison.Ordinal))
        && (Words.Contains(name.Substring(name.LastIndexOf('_') + 1))
            || Pairs.Any(pair => $"_{name}_".Contains($"_{pair}_")));

    private static bool CanBeSecret(ITypeSymbol type) => type switch
    {
        IArrayTypeSymbol { ElementType.SpecialType: SpecialType.System_Byte or SpecialType.System_Char } => true,
        INamedTypeSymbol named when Types.IsNullableValue(named) => CanBeSecret(named.TypeArguments[0]),
        _ => type.SpecialType is SpecialType.System_String or SpecialType.System_Int64 or SpecialType.System_UInt64
            || Types.FullName(type) is "System.Guid",
    };
}

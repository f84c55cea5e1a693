using System.Globalization;
using Lovage.PostgreSql.Commands;
using Lovage.PostgreSql.Schema;
using Lovage.Storage;
using Npgsql;

namespace Lovage.PostgreSql.Writing;

/// <summary>Attempts that failed, by the fingerprint of their errors, which columns hold as numbers.</summary>
internal sealed class Faults(SchemaName schema, Words words)
{
    // $1: the keys of jobs. Comes back for each that is held: its key, the number of its name.
    private const string Names = "SELECT job, name FROM lovage.claim WHERE job = ANY ($1)";

    private readonly string _names = schema.Sql(Names);

    /// <summary>True for an outcome of an attempt that threw.</summary>
    internal static bool Has(Settlement outcome) => outcome.Attempt.Error is not null;

    /// <summary>A line for each cause, so that no transaction waits for another: a sweep sums them up.</summary>
    /// <param name="relation">The outcomes; the statement has the time as <c>clock</c>.</param>
    internal static string Add(string relation) => $"""
        INSERT INTO lovage.fault(fingerprint, at, count, name, sample, error)
          SELECT DISTINCT ON (fingerprint) fingerprint, (SELECT now FROM clock), count(*) OVER (
            PARTITION BY fingerprint), name, id, error FROM {relation} WHERE fingerprint IS NOT NULL
          ORDER BY fingerprint, job DESC
        """;

    /// <summary>A fingerprint as a number; null for a text that is none.</summary>
    internal static long? Number(string fingerprint) =>
        fingerprint.Length == 16
            && !fingerprint.Any(char.IsAsciiLetterUpper)
            && long.TryParse(
                fingerprint, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;

    /// <summary>The fingerprint of a number.</summary>
    internal static string Text(long number) => number.ToString("x16", CultureInfo.InvariantCulture);

    /// <summary>Outcomes with their fingerprints; null for one without.</summary>
    internal async Task<(Settlement Outcome, long? Fingerprint)[]> WithFingerprintsAsync(
        NpgsqlConnection connection, Settlement[] outcomes)
    {
        long[] failed = [.. outcomes.Where(Has).Select(static outcome => outcome.Token.Claim)];
        var names = new Dictionary<long, int>(failed.Length);
        await using (var rows = await connection.ReadAsync(
            new Statement(_names).Add(failed), CancellationToken.None))
        {
            while (await rows.ReadAsync())
            {
                names[rows.GetInt64(0)] = rows.GetInt32(1);
            }
        }

        var texts = await words.KnownTextsAsync(connection, names.Values.ToHashSet(), CancellationToken.None);

        // A claim that has ended has no name: its outcome is stale.
        return Array.ConvertAll(outcomes, outcome => (outcome, Has(outcome)
            && names.TryGetValue(outcome.Token.Claim, out var name)
            && texts.TryGetValue(name, out var text) ? Number(outcome.Attempt.Error!.Fingerprint(text)) : null));
    }
}

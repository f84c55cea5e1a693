using Lovage.PostgreSql.Connections;

namespace Lovage.PostgreSql.Writing;

/// <summary>
/// Draws the keys of batches, which are their places too, before they are stored: so batches that are stored at the
/// same time keep the order in which they were given.
/// </summary>
/// <remarks>Safe for use by several threads.</remarks>
internal sealed class PlaceDraw(Database database)
{
    private const string Draw = "SELECT array_agg(nextval('lovage.ticket')) FROM generate_series(1, $1)";

    private readonly Lock _lock = new();
    private Task _last = Task.CompletedTask;

    /// <summary>Draws keys after those of all calls before have been drawn.</summary>
    internal Task<long[]> DrawAsync(int count, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var draw = DrawAfterAsync(_last, count, cancellationToken);
            _last = draw;
            return draw;
        }
    }

    private async Task<long[]> DrawAfterAsync(Task before, int count, CancellationToken cancellationToken)
    {
        // Whether it succeeded is its own caller's business.
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        return await database.CallAsync(
            async connection => await connection.ScalarAsync<long[]>(
                new Statement(database.Schema.Sql(Draw)).Add(count), CancellationToken.None)
                ?? [],
            cancellationToken);
    }
}

using Lovage.PostgreSql.Commands;
using Lovage.PostgreSql.Connections;

namespace Lovage.PostgreSql.Writing;

/// <summary>
/// Draws the keys of batches before the batches are stored. Keys are places too, so that batches which are stored at
/// the same time keep the order of their calls.
/// </summary>
/// <remarks>Safe for use by several threads.</remarks>
internal sealed class PlaceDraw(Database database)
{
    // $1: how many. Comes back: the keys.
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
        // Its own caller hears of its failure.
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        return await database.CallAsync(
            async connection => await connection.ScalarAsync<long[]>(
                new Statement(database.Schema.Sql(Draw)).Add(count), CancellationToken.None)
                ?? [],
            cancellationToken);
    }
}

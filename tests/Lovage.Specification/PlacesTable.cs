using Xunit;

namespace Lovage.Specification;

/// <summary>
/// What each operation does to a job in each place. A new place, or a new operation, extends this table before any
/// code.
/// </summary>
/// <remarks>
/// <c>shown</c> is the job's state, <c>count</c> the number of its queue that counts it. The other words: <c>ends</c>
/// as cancelled; <c>asked</c>, the request reaches its worker; <c>refused</c>, the answer says so and names the state;
/// <c>stays</c>, the operation is not about it; <c>joins</c> the back of its queue; <c>moves</c> to another queue and
/// priority; <c>waits</c> until the queue is resumed; <c>goes</c>, its record too; <c>expires</c>, which its next
/// delivery says.
/// </remarks>
public static class PlacesTable
{
    private const string Text =
        """
        place     shown     count   cancel  delete  purge   run-now move    requeue pause   prune   expire
        ready     Queued    ready   ends    refused ends    refused moves   refused waits   stays   expires
        released  Queued    ready   ends    refused ends    refused moves   refused waits   stays   expires
        orphan    Queued    ready   ends    refused ends    refused moves   refused waits   stays   expires
        scheduled Scheduled delayed ends    refused ends    joins   moves   refused waits   stays   expires
        retrying  Retrying  delayed ends    refused ends    joins   moves   refused waits   stays   expires
        declined  Scheduled delayed ends    refused ends    joins   moves   refused waits   stays   expires
        claimed   Queued    claimed asked   refused stays   refused refused refused stays   stays   stays
        running   Running   claimed asked   refused stays   refused refused refused stays   stays   stays
        succeeded Succeeded none    refused goes    stays   refused refused joins   stays   goes    stays
        cancelled Cancelled none    refused goes    stays   refused refused joins   stays   goes    stays
        dead      Dead      none    refused goes    stays   refused refused joins   stays   goes    stays
        """;

    private static readonly string[][] Rows =
    [
        .. Text.Split('\n').Select(static line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)),
    ];

    /// <summary>Each cell: place, operation, and what happens.</summary>
    public static TheoryData<string, string, string> Cells
    {
        get
        {
            var cells = new TheoryData<string, string, string>();
            foreach (var row in Rows.Skip(1))
            {
                for (var column = 1; column < row.Length; column++)
                {
                    cells.Add(row[0], Rows[0][column], row[column]);
                }
            }

            return cells;
        }
    }

    /// <summary>The state that a place shows.</summary>
    internal static JobState Shown(string place) => Enum.Parse<JobState>(Row(place)[1]);

    /// <summary>The number that counts a place: ready, delayed, claimed or none.</summary>
    internal static string Count(string place) => Row(place)[2];

    private static string[] Row(string place) => Rows.Single(row => row[0] == place);
}

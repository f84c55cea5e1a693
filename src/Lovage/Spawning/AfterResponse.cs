namespace Lovage.Spawning;

/// <summary>
/// What requests need to run tasks after their responses: one look in the app's services for each request.
/// </summary>
/// <param name="Runner">Runs them.</param>
/// <param name="Calls">Makes calls of delegates.</param>
/// <param name="Jobs">Makes calls of jobs.</param>
internal sealed record AfterResponse(LocalRunner Runner, LocalCalls Calls, LocalJobs Jobs);

using Lovage.Spawning;

namespace Lovage.Tests.Spawning;

/// <summary>The tasks of a request that never fails by itself, and gives filters no services.</summary>
internal sealed class TestRequestTasks(LocalRunner runner, LocalJobs jobs) : AfterResponseTasks(runner, jobs);

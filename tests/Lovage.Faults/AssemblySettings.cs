using Xunit.Sdk;
using Xunit.v3;

// Each test takes both cores and counts time.
[assembly: Parallelization(Mode = ParallelMode.None)]

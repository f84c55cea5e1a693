using Xunit.Sdk;
using Xunit.v3;

// The time to the first answer is measured: one sample starts at a time.
[assembly: Parallelization(Mode = ParallelMode.None)]

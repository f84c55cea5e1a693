using Xunit;

// Each test takes both cores and counts time.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

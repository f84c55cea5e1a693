using Xunit;

// The time to the first answer is measured: one sample starts at a time.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace Lovage.Tests.Scheduling.Corpus;

/// <summary>One expression of the corpus.</summary>
internal sealed record CronCase(string Text, CronDialect Dialect)
{
    internal CronTrigger In(string zone) => new(Text, zone, Dialect);

    public override string ToString() => $"'{Text}' ({Dialect})";
}

namespace Lovage.Protocol;

/// <summary>Where a value stands; its text is made only when something is wrong with the value.</summary>
internal readonly record struct WirePath(string Parent, string? Name = null)
{
    public static implicit operator WirePath(string path) => new(path);

    public override string ToString() => Name is null ? Parent : $"{Parent}.{Name}";
}

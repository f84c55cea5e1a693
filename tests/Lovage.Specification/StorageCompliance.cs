using System.Reflection;
using Xunit;

namespace Lovage.Specification;

/// <summary>Fails when a backend's test assembly leaves a specification without a class of its own.</summary>
/// <typeparam name="TFixture">The backend.</typeparam>
public abstract class StorageCompliance<TFixture>
    where TFixture : StorageFixture, new()
{
    /// <summary>Specifications that do not apply, each with its reason. None by default.</summary>
    protected virtual IReadOnlyDictionary<Type, string> Exceptions => new Dictionary<Type, string>();

    [Fact]
    public void Specifications_OfThisBackend_AreAllDerived()
    {
        var specifications = typeof(StorageFixture).Assembly.GetTypes().Where(IsSpecification).ToHashSet();
        var derived = GetType().Assembly.GetTypes()
            .Where(type => !type.IsAbstract && Definitions(type).Any())
            .SelectMany(Definitions)
            .ToHashSet();
        var missing = specifications.Where(type => !derived.Contains(type) && !Exceptions.ContainsKey(type))
            .Select(type => type.Name)
            .Order(StringComparer.Ordinal);

        Assert.NotEmpty(specifications);
        Assert.Empty(missing);
        Assert.All(
            Exceptions,
            exception => Assert.False(
                string.IsNullOrWhiteSpace(exception.Value), $"{exception.Key.Name} is left out without a reason."));
    }

    private static bool IsSpecification(Type type) =>
        type is { IsAbstract: true, IsGenericTypeDefinition: true, BaseType.IsGenericType: true }
        && type.BaseType.GetGenericTypeDefinition() == typeof(StorageSpecification<>);

    // The specifications that a class derives from with this backend's fixture.
    private static IEnumerable<Type> Definitions(Type type)
    {
        for (var current = type.BaseType; current is not null; current = current.BaseType)
        {
            if (current.IsGenericType && current.GetGenericArguments() is [var fixture] && fixture == typeof(TFixture))
            {
                yield return current.GetGenericTypeDefinition();
            }
        }
    }
}

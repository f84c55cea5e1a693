using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Lovage;

/// <summary>What of a type's values JSON loses.</summary>
/// <param name="Reason">The members at fault, and what to do.</param>
/// <param name="IsCertain">True when each value loses something. False when only a value that was written and read can
/// show it: a member that JSON cannot set may get its value from the constructor.</param>
internal sealed record JsonLoss(string Reason, bool IsCertain);

/// <summary>Finds types whose values do not come back from JSON whole. It looks at each type once.</summary>
/// <remarks>
/// It reads the type's contract. What the contract does not show, fields and the code of getters, it reads by
/// reflection: where an app is trimmed it may find less. A type with a converter of its own is not looked into. Safe
/// for use by several threads.
/// </remarks>
/// <param name="options">Knows the contracts.</param>
internal sealed class JsonLosses(JsonSerializerOptions options)
{
    private const int DepthMax = 16;
    private const int MembersShownMax = 3;

    private readonly ConcurrentDictionary<JsonTypeInfo, JsonLoss?> _known = new();

    /// <summary>What values of a type lose; null for nothing.</summary>
    internal JsonLoss? Of(JsonTypeInfo contract) =>
        ReferenceEquals(contract.OriginatingResolver, BuiltInContracts.Default) ? null
        : _known.TryGetValue(contract, out var known) ? known
        : _known.GetOrAdd(contract, new Search(options).Run(contract));

    /// <summary>True when a value is another one after it was written and read.</summary>
    /// <exception cref="Exception">It cannot be read at all.</exception>
    internal static bool Changes<T>(T value, JsonTypeInfo<T> contract)
    {
        var before = JsonSerializer.SerializeToElement(value, contract);
        var after = JsonSerializer.SerializeToElement(before.Deserialize(contract)!, contract);
        return !JsonElement.DeepEquals(before, after);
    }

    private sealed class Search(JsonSerializerOptions options)
    {
        private readonly HashSet<Type> _seen = [];
        private readonly List<string> _doubtful = [];
        private string? _certain;

        internal JsonLoss? Run(JsonTypeInfo contract)
        {
            Follow(contract, "", DepthMax);
            return _certain is not null ? new JsonLoss(_certain, IsCertain: true)
                : _doubtful.Count > 0 ? new JsonLoss(string.Join("; ", _doubtful), IsCertain: false)
                : null;
        }

        private void Follow(Type? type, string path, int depth)
        {
            if (type is null || depth == 0 || _certain is not null)
            {
                return;
            }

            try
            {
                // The serializer reports a contract that is wrong when it writes the value.
                if (options.TryGetTypeInfo(type, out var contract))
                {
                    Follow(contract, path, depth);
                }
            }
            catch (InvalidOperationException)
            {
                return;
            }
        }

        private void Follow(JsonTypeInfo contract, string path, int depth)
        {
            var type = contract.Type;
            if (Nullable.GetUnderlyingType(type) is { } value)
            {
                Follow(value, path, depth - 1);
            }
            else if (contract.Kind != JsonTypeInfoKind.None && _seen.Add(type))
            {
                if (WhyNot(type) is { } reason)
                {
                    _certain = Named(path, reason);
                    return;
                }

                Follow(contract.KeyType, path, depth - 1);
                Follow(contract.ElementType, path, depth - 1);
                foreach (var derived in contract.PolymorphismOptions?.DerivedTypes ?? [])
                {
                    Follow(derived.DerivedType, path, depth - 1);
                }

                if (contract.Kind == JsonTypeInfoKind.Object)
                {
                    Look(contract, path, depth);
                }
            }
        }

        private void Look(JsonTypeInfo contract, string path, int depth)
        {
            if (LeftOut(contract) is { } field)
            {
                _certain = Named(
                    Path(path, field), "it is a public field, which JSON leaves out; make it a property");
                return;
            }

            if (contract is { CreateObject: null, PolymorphismOptions: null } && !HasConstructor(contract))
            {
                Doubt(path, $"JSON cannot make a {contract.Type.Name}: its constructor takes what no property holds");
            }

            foreach (var property in contract.Properties)
            {
                if (property.Get is null || property.IsExtensionData || property.CustomConverter is not null)
                {
                    continue;
                }

                var member = Path(path, (property.AttributeProvider as MemberInfo)?.Name ?? property.Name);
                if (!CanBeSet(contract, property) && HandsOutAField(property))
                {
                    Doubt(
                        member,
                        "JSON writes it and cannot set it; give it a setter, init, or a constructor's parameter of its "
                            + "name and type");
                }

                Follow(property.PropertyType, member, depth - 1);
            }
        }

        private void Doubt(string member, string reason)
        {
            if (_doubtful.Count < MembersShownMax)
            {
                _doubtful.Add(Named(member, reason));
            }
        }

        private static bool CanBeSet(JsonTypeInfo contract, JsonPropertyInfo property) =>
            property.Set is not null
            || property.AssociatedParameter is not null
            || (property.ObjectCreationHandling ?? contract.PreferredPropertyObjectCreationHandling)
                == JsonObjectCreationHandling.Populate;

        /// <summary>True unless a parameter of the constructor stays without a property.</summary>
        private static bool HasConstructor(JsonTypeInfo contract) =>
            contract.ConstructorAttributeProvider is ConstructorInfo made
            && made.GetParameters().Length
                == contract.Properties.Count(static property => property.AssociatedParameter is not null);

        [UnconditionalSuppressMessage(
            "Trimming", "IL2075", Justification = "Of a trimmed type it finds the fields that are left.")]
        private static string? LeftOut(JsonTypeInfo contract)
        {
            foreach (var field in contract.Type.GetFields(BindingFlags.Public | BindingFlags.Instance))
            {
                if (!field.IsDefined(typeof(JsonIgnoreAttribute))
                    && !contract.Properties.Any(property => Is(property, field)))
                {
                    return field.Name;
                }
            }

            return null;
        }

        /// <summary>True when a property of the contract is this field, which a base class may declare.</summary>
        private static bool Is(JsonPropertyInfo property, FieldInfo field) =>
            property.AttributeProvider is FieldInfo known && known.HasSameMetadataDefinitionAs(field);

        /// <summary>
        /// True for a getter that only returns a field, as that of an automatic property does. A value that is computed
        /// from others is no loss.
        /// </summary>
        [UnconditionalSuppressMessage(
            "Trimming", "IL2026", Justification = "A getter that trimming has changed counts as computed.")]
        private static bool HandsOutAField(JsonPropertyInfo property)
        {
            const byte LoadThis = 0x02, LoadField = 0x7B, Return = 0x2A;
            return System.Runtime.CompilerServices.RuntimeFeature.IsDynamicCodeSupported
                && property.AttributeProvider is PropertyInfo { GetMethod: { } getter }
                && getter.GetMethodBody()?.GetILAsByteArray() is [LoadThis, LoadField, _, _, _, _, Return];
        }

        private static string? WhyNot(Type type)
        {
            for (var current = type; current is not null && current != typeof(object); current = current.BaseType)
            {
                if (UnreadableTypes.WhyNot($"{current.Namespace}.{current.Name.Split('`')[0]}") is { } reason)
                {
                    return reason;
                }
            }

            return null;
        }

        private static string Path(string path, string member) => path.Length == 0 ? member : $"{path}.{member}";

        private static string Named(string path, string reason) => path.Length == 0 ? reason : $"'{path}': {reason}";
    }
}

using System.ComponentModel.DataAnnotations;
using System.ComponentModel;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Text;

namespace Lovage.Generated;

/// <summary>
/// One check of a job's arguments by data annotations. Generated code walks the arguments and says where it is. This
/// class asks the rules, without reflection. It keeps each finding with its path in the names of the wire, such as
/// <c>order.lines[2].quantity</c>.
/// </summary>
/// <remarks>
/// One thread uses it for one check. The first five findings become one <see cref="BadArgumentsException"/>.
/// </remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class JobArgumentCheck
{
    private const int FindingsMax = 5;
    private const int DepthMax = 64;
    private const int PathLengthMax = 200;
    private const int MessageLengthMax = 500;

    private readonly string _job;
    private readonly List<Step> _path = [];
    private readonly List<(string Path, string Message)> _findings = [];
    private readonly List<ValidationResult> _results = [];

    /// <summary>Begins a check.</summary>
    /// <param name="job">The job's name, for messages.</param>
    public JobArgumentCheck(string job) => _job = job;

    /// <summary>The number of findings so far.</summary>
    public int Findings => _findings.Count;

    /// <summary>Checks one parameter, or one member of the object that the walk is in.</summary>
    /// <param name="instance">The object that holds it; rules see it as
    /// <see cref="ValidationContext.ObjectInstance"/>.</param>
    /// <param name="value">Its value.</param>
    /// <param name="member">Its name in C#.</param>
    /// <param name="name">Its name on the wire.</param>
    /// <param name="displayName">What rules call it in their messages.</param>
    /// <param name="rules">Its rules.</param>
    /// <exception cref="BadArgumentsException">As much is wrong as one exception tells.</exception>
    public void Member(
        object instance,
        object? value,
        string member,
        string name,
        string displayName,
        IEnumerable<ValidationAttribute> rules)
    {
        var context = new ValidationContext(instance, displayName, null, null) { MemberName = member };
        Ask(context, value, rules);
        foreach (var result in _results)
        {
            Add(new Step(name, 0), result);
        }
    }

    /// <summary>Goes into the value of a parameter or member; null is passed over.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="name">Its name on the wire.</param>
    /// <param name="value">Its value.</param>
    /// <param name="check">Checks what is in it.</param>
    /// <exception cref="BadArgumentsException">As much is wrong as one exception tells, or it is nested deeper than 64
    /// levels.</exception>
    public void Nested<T>(string name, T? value, Action<JobArgumentCheck, T> check)
    {
        ArgumentNullException.ThrowIfNull(check);
        Enter(new Step(name, 0), value, check);
    }

    /// <summary>
    /// Goes into each element. A sequence without a count is not checked here, because reading could use it up: the
    /// worker checks it after reading it from JSON.
    /// </summary>
    /// <typeparam name="T">The type of the elements.</typeparam>
    /// <param name="elements">The elements; null is passed over, as is each null in it.</param>
    /// <param name="check">Checks what is in one.</param>
    /// <exception cref="BadArgumentsException">As much is wrong as one exception tells, or it is nested deeper than 64
    /// levels.</exception>
    public void Elements<T>(IEnumerable<T?>? elements, Action<JobArgumentCheck, T> check)
    {
        ArgumentNullException.ThrowIfNull(check);
        if (elements is not (ICollection<T?> or IReadOnlyCollection<T?>))
        {
            return;
        }

        var index = 0;
        foreach (var element in elements)
        {
            Enter(new Step(null, index++), element, check);
        }
    }

    /// <summary>Goes into each value of a dictionary.</summary>
    /// <typeparam name="TKey">The type of the keys, which are not checked.</typeparam>
    /// <typeparam name="TValue">The type of the values.</typeparam>
    /// <param name="entries">The dictionary; null is passed over, as is each null value in it.</param>
    /// <param name="check">Checks what is in one value.</param>
    /// <exception cref="BadArgumentsException">As much is wrong as one exception tells, or it is nested deeper than 64
    /// levels.</exception>
    public void Values<TKey, TValue>(
        IEnumerable<KeyValuePair<TKey, TValue>>? entries, Action<JobArgumentCheck, TValue> check)
    {
        ArgumentNullException.ThrowIfNull(check);
        if (entries is null)
        {
            return;
        }

        foreach (var (key, value) in entries)
        {
            Enter(new Step(null, -1, key), value, check);
        }
    }

    /// <summary>
    /// Checks the object that the walk is in as a whole: first by the rules of its type, then by the object itself
    /// where it is an <see cref="IValidatableObject"/>. As in <see cref="Validator"/>, a step is taken only when no
    /// earlier step found a fault in this object.
    /// </summary>
    /// <param name="value">The object.</param>
    /// <param name="findingsBefore">What <see cref="Findings"/> was before its members were checked.</param>
    /// <param name="rules">The rules of its type.</param>
    /// <exception cref="BadArgumentsException">As much is wrong as one exception tells.</exception>
    public void Whole(object value, int findingsBefore, IEnumerable<ValidationAttribute> rules)
    {
        if (Findings > findingsBefore)
        {
            return;
        }

        var context = new ValidationContext(
            value, _path.FindLast(static step => step.Name is not null).Name ?? "arguments", null, null);
        Ask(context, value, rules);
        AddWhole(_results);
        if (Findings == findingsBefore && value is IValidatableObject self)
        {
            AddWhole(self.Validate(context) ?? []);
        }
    }

    /// <summary>Ends the check.</summary>
    /// <exception cref="BadArgumentsException">Something is wrong.</exception>
    public void End()
    {
        if (_findings.Count > 0)
        {
            throw Refusal();
        }
    }

    /// <summary>Fills <see cref="_results"/>.</summary>
    private void Ask(ValidationContext context, object? value, IEnumerable<ValidationAttribute> rules)
    {
        _results.Clear();
        try
        {
            Validator.TryValidateValue(value, context, _results, rules);
        }
        catch (OverflowException cause)
        {
            // The range is of int, and the long or double does not fit an int.
            _results.Add(new ValidationResult(rules.OfType<RangeAttribute>()
                .FirstOrDefault()
                ?.FormatErrorMessage(context.DisplayName) ?? cause.Message));
        }
        catch (RegexMatchTimeoutException cause)
        {
            // An attacker can write a text that keeps the pattern busy: it is not tried again.
            _results.Add(
                new ValidationResult(
                    $"The field {context.DisplayName} could not be matched within "
                        + $"{cause.MatchTimeout.TotalSeconds.ToString(CultureInfo.InvariantCulture)} s."));
        }
    }

    private void AddWhole(IEnumerable<ValidationResult> results)
    {
        foreach (var result in results)
        {
            if (result != ValidationResult.Success)
            {
                var member = result.MemberNames.FirstOrDefault();
                Add(string.IsNullOrEmpty(member)
                    ? null
                    : new Step(JsonNamingPolicy.SnakeCaseLower.ConvertName(member), 0), result);
            }
        }
    }

    private void Add(Step? last, ValidationResult result)
    {
        _findings.Add((Path(last), JobNames.Shown(result.ErrorMessage ?? "it is not valid.", MessageLengthMax)));
        if (_findings.Count == FindingsMax)
        {
            throw Refusal();
        }
    }

    private void Enter<T>(Step step, T? value, Action<JobArgumentCheck, T> check)
    {
        if (value is null)
        {
            return;
        }

        // The first path that is too deep ends the check: an object that holds itself has endless paths.
        if (_path.Count == DepthMax)
        {
            _findings.Add((Path(step), $"it is nested deeper than {DepthMax} levels, or holds itself."));
            throw Refusal();
        }

        _path.Add(step);
        check(this, value);
        _path.RemoveAt(_path.Count - 1);
    }

    private string Path(Step? last)
    {
        var text = new StringBuilder();
        foreach (var step in last is { } end ? _path.Append(end) : _path)
        {
            if (step.Name is null)
            {
                text.Append('[').Append(step.Key is null
                    ? step.Index.ToString(CultureInfo.InvariantCulture)
                    : JobNames.Shown(Convert.ToString(step.Key, CultureInfo.InvariantCulture))).Append(']');
            }
            else
            {
                text.Append(text.Length == 0 ? "" : ".").Append(step.Name);
            }
        }

        return JobNames.Shown(text.ToString(), PathLengthMax);
    }

    private BadArgumentsException Refusal()
    {
        var first = _findings[0].Path;
        var end = first.AsSpan().IndexOfAny('.', '[');
        return new BadArgumentsException(
            _job,
            end < 0 ? first : first[..end],
            string.Join(' ', _findings.Select(static finding => $"argument '{finding.Path}': {finding.Message}")));
    }

    /// <summary>One level of the path: a name, or else an index or a key.</summary>
    private readonly record struct Step(string? Name, int Index, object? Key = null);
}

using System.Globalization;
using StackExchange.Redis;

namespace Lovage.Redis.Keys;

/// <summary>The prefixes of a storage's keys, and which list of a queue takes which priority.</summary>
internal sealed class RedisNames
{
    private static readonly string[] Digits = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

    private readonly string[] _steps;

    /// <param name="prefix">Before our own keys.</param>
    /// <param name="kombu">Before kombu's and Celery's keys (<c>global_keyprefix</c>).</param>
    /// <param name="steps">kombu's <c>priority_steps</c>, ascending from 0.</param>
    internal RedisNames(string prefix, string kombu, IReadOnlyList<int> steps)
    {
        (Own, Kombu) = (prefix, kombu);
        Steps = string.Join(',', steps);

        // kombu/transport/redis.py, priority: the last step that is not above the priority.
        _steps = [.. Enumerable.Range(0, Digits.Length).Select(priority => Digits[steps.Last(s => s <= priority)])];
    }

    /// <summary>Before our own keys.</summary>
    internal string Own { get; }

    /// <summary>Before kombu's and Celery's keys.</summary>
    internal string Kombu { get; }

    /// <summary>The steps as scripts read them: <c>0,3,6,9</c>.</summary>
    internal RedisValue Steps { get; }

    internal string StepOf(int priority) => _steps[Math.Clamp(priority, 0, Digits.Length - 1)];

    /// <summary>The lists of a queue, one for each step (kombu/transport/redis.py, <c>_q_for_pri</c>).</summary>
    internal IEnumerable<RedisKey> Lists(string queue) => _steps.Distinct(StringComparer.Ordinal)
        .Select(step => (RedisKey)(Kombu + (step == "0" ? queue : queue + "\x06\x16" + step)));

    internal RedisKey Key(string name) => Own + name;

    internal RedisKey Key(string name, long number) => Own + name + number.ToString(CultureInfo.InvariantCulture);
}

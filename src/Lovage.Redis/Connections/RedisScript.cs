using System.Reflection;
using System.Text;

namespace Lovage.Redis.Connections;

/// <summary>A script of the folder Scripts, with what every script begins with.</summary>
internal sealed class RedisScript
{
    private RedisScript(params ReadOnlySpan<string> files)
    {
        var text = new StringBuilder();
        foreach (var file in files)
        {
            using var resource = Assembly.GetExecutingAssembly().GetManifestResourceStream(file)
                ?? throw new InvalidOperationException($"The script {file} is not in the assembly.");
            using var reader = new StreamReader(resource);
            text.Append(reader.ReadToEnd()).Append('\n');
        }

        Text = text.ToString();
    }

    internal string Text { get; }

    internal static RedisScript Publish { get; } = new("common", "publishing", "publish");

    internal static RedisScript Receive { get; } = new("common", "receive");

    internal static RedisScript Orphan { get; } = new("common", "orphan");

    internal static RedisScript Quarantine { get; } = new("common", "quarantine");

    internal static RedisScript Settle { get; } = new("common", "publishing", "settle");

    internal static RedisScript Change { get; } = new("common", "change");

    internal static RedisScript Find { get; } = new("common", "find");

    internal static RedisScript Renew { get; } = new("common", "renew");

    internal static RedisScript Start { get; } = new("common", "start");

    internal static RedisScript Progress { get; } = new("common", "progress");

    internal static RedisScript Lost { get; } = new("common", "lost");

    internal static RedisScript Prune { get; } = new("common", "prune");

    internal static RedisScript Queues { get; } = new("common", "queues");

    internal static RedisScript Peek { get; } = new("common", "peek");

    internal static RedisScript Save { get; } = new("common", "save");

    internal static RedisScript Remove { get; } = new("common", "remove");

    internal static RedisScript Schedules { get; } = new("common", "ticks", "schedules");

    internal static RedisScript Due { get; } = new("common", "ticks", "due");

    internal static RedisScript Fire { get; } = new("common", "publishing", "ticks", "fire");

    internal static RedisScript Run { get; } = new("common", "publishing", "ticks", "run");

    internal static RedisScript PruneTicks { get; } = new("common", "ticks", "prune_ticks");

    internal static RedisScript Lead { get; } = new("common", "lead");

    internal static RedisScript Beat { get; } = new("common", "beat");

    internal static RedisScript Workers { get; } = new("common", "workers");

    internal static RedisScript Leave { get; } = new("common", "leave");

    internal static RedisScript Swap { get; } = new("common", "swap");

    internal static RedisScript Append { get; } = new("common", "append");

    internal static RedisScript Command { get; } = new("common", "command");

    internal static RedisScript Commands { get; } = new("common", "commands");

    internal static RedisScript Reply { get; } = new("common", "reply");
}

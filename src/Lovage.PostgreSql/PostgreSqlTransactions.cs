using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Lovage.PostgreSql.Commands;
using Lovage.PostgreSql.Connections;
using Lovage.PostgreSql.Reading;
using Lovage.PostgreSql.Schema;
using Lovage.PostgreSql.Signals;
using Lovage.PostgreSql.Writing;
using Lovage.Protocol;
using Lovage.Storage;
using Npgsql;

namespace Lovage.PostgreSql;

/// <summary>Publishes and settles on a caller's connection.</summary>
/// <remarks>
/// Its session is the caller's: every name in the statements has its schema, and nothing is set. New words get their
/// numbers over the storage's own connections, since this process would remember a number that the caller rolled back.
/// For nothing else does an open transaction wait for another connection: behind a pooler the open ones may hold all
/// sessions there are.
/// </remarks>
/// <param name="database">The storage's own connections.</param>
/// <param name="clock">The time of statements.</param>
/// <param name="signals">Where signals go.</param>
/// <param name="time">Measures durations.</param>
internal sealed class PostgreSqlTransactions(
    Database database, ServerClock clock, PostgreSqlSignals signals, TimeProvider time)
    : JobTransactions("postgresql", signals, time, database.Server)
{
    private readonly PublishStatement _publish = new(database.Schema);
    private readonly SettleStatement _settle = new(database.Schema, database.Words);
    private readonly FateReading _fates = new(database.Schema);
    private readonly ServerIdentity _identity = new(database);

    /// <summary>Asks now what it would otherwise ask in a caller's transaction.</summary>
    internal Task LearnAsync() => _identity.LearnAsync();

    protected override async ValueTask<IReadOnlyList<PublishResult>> PublishCoreAsync(
        DbTransaction transaction, IReadOnlyList<JobMessage> messages, CancellationToken cancellationToken)
    {
        var connection = ConnectionOf(transaction);
        return await CallAsync(connection, async () =>
        {
            await _identity.CheckAsync(connection, nameof(transaction));
            var words = await WordsAsync(connection, MessageRow.WordsOf(messages), cancellationToken);
            var results = await _publish.RunAsync(connection, messages, null, words, clock.Now);
            await NotifyAsync(connection, messages.Select(static message => message.Queue));
            return Array.ConvertAll(results, static stored => stored.Result);
        });
    }

    protected override async ValueTask<SettleResult> SettleCoreAsync(
        DbTransaction transaction, Settlement outcome, CancellationToken cancellationToken)
    {
        var connection = ConnectionOf(transaction);
        var texts = SettleStatement.WordsOf([outcome]);
        texts.UnionWith(MessageRow.WordsOf(outcome.FollowUps));
        return await CallAsync(connection, async () =>
        {
            await _identity.CheckAsync(connection, nameof(transaction));
            var words = await WordsAsync(connection, texts, cancellationToken);
            var written = await _settle.RunAsync(connection, [outcome], words, clock.Now);
            var result = (await _settle.ResultsAsync(connection, [outcome], written))[0];
            if (written.Count > 0 && SettleStatement.IsAsMeant(outcome, result.State!.Value))
            {
                foreach (var part in outcome.FollowUps.Chunk(JobBroker.BatchMax))
                {
                    await _publish.RunAsync(connection, part, null, words, clock.Now);
                    await NotifyAsync(connection, part.Select(static message => message.Queue));
                }
            }

            return result;
        });
    }

    protected override ValueTask<TransactionFate> LookCoreAsync(
        Settlement outcome, CancellationToken cancellationToken) => database.CallAsync(
        async connection => await _fates.LookAsync(connection, outcome.Token, cancellationToken)
            ?? ((await _settle.ResultsAsync(connection, [outcome], []))[0].Status == SettleStatus.Applied
                ? TransactionFate.Committed
                : TransactionFate.RolledBack),
        cancellationToken);

    private static NpgsqlConnection ConnectionOf(DbTransaction transaction)
    {
        if (transaction is not NpgsqlTransaction own)
        {
            throw new ArgumentException(
                "A transaction of PostgreSQL is needed (Npgsql.NpgsqlTransaction), since the jobs are kept there; "
                    + $"this one is a {transaction.GetType().FullName}. Nothing was written.",
                nameof(transaction));
        }

        return OpenConnectionOf(own) is { State: ConnectionState.Open } connection
            ? connection
            : throw new InvalidOperationException(
                "The transaction has ended already, so that nothing can be written in it. Enqueue before its commit, "
                    + "or without it.");
    }

    [SuppressMessage(
        "Design",
        "CA1031",
        Justification = "Whatever it throws, a transaction that cannot be asked is no longer open.")]
    private static NpgsqlConnection? OpenConnectionOf(NpgsqlTransaction transaction)
    {
        try
        {
            // Asked for its level, one that has ended throws; asked for its connection it may not.
            _ = transaction.IsolationLevel;
            return transaction.Connection;
        }
        catch (Exception)
        {
            return null;
        }
    }

    private async ValueTask<Dictionary<string, int>> WordsAsync(
        NpgsqlConnection connection, HashSet<string> texts, CancellationToken cancellationToken)
    {
        var words = await database.Words.FindAsync(connection, texts, CancellationToken.None);
        return words.Count == texts.Count ? words : await database.CallAsync(
            async own => await database.Words.IdsAsync(own, texts, CancellationToken.None), cancellationToken);
    }

    /// <summary>Sends signals that PostgreSQL delivers at the commit.</summary>
    /// <remarks>
    /// They name no sender, so that this process hears them too: it does not see the commit otherwise.
    /// </remarks>
    private async Task NotifyAsync(NpgsqlConnection connection, IEnumerable<string> queues)
    {
        if (signals.IsOn)
        {
            var hints = queues.Distinct(StringComparer.Ordinal)
                .Select(static queue => new Signal(SignalKind.JobsReady, queue));
            await connection.ExecuteAsync(
                new Statement("SELECT pg_catalog.pg_notify($1, $2)")
                    .Add(database.Schema.Channel)
                    .Add(HintText.Write(HintText.NoSender, hints)),
                CancellationToken.None);
        }
    }

    private async ValueTask<T> CallAsync<T>(NpgsqlConnection connection, Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (NpgsqlOperationInProgressException fault)
        {
            throw new InvalidOperationException(
                "The transaction's connection is busy with another command. Await that one, or dispose its reader, "
                    + "and then enqueue or complete.",
                fault);
        }
        catch (Exception fault) when (StorageFault.IsFault(fault))
        {
            var told = StorageFault.From(fault, database.Description);
            throw new StorageException(
                $"{told.Message} The transaction on {connection.Host}/{connection.Database} is yours: roll it "
                    + $"back{(told.IsTransient ? " and repeat all of it" : "")}.",
                told.IsTransient,
                fault);
        }
    }
}

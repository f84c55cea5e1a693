using Npgsql;

namespace Lovage.PostgreSql.Commands;

/// <summary>Sends statements; those of one batch in one round trip and one transaction.</summary>
internal static class ConnectionExtensions
{
    extension(NpgsqlConnection connection)
    {
        internal async Task ExecuteAsync(Statement statement, CancellationToken cancellationToken)
        {
            await using var batch = connection.Batch(statement);
            await batch.ExecuteNonQueryAsync(cancellationToken);
        }

        /// <summary>The first column of the first row; the default value when there is none.</summary>
        internal async Task<T?> ScalarAsync<T>(Statement statement, CancellationToken cancellationToken)
        {
            await using var rows = await connection.ReadAsync(statement, cancellationToken);
            return await rows.ReadAsync(cancellationToken) && !await rows.IsDBNullAsync(0, cancellationToken)
                ? await rows.GetFieldValueAsync<T>(0, cancellationToken)
                : default;
        }

        internal Task<NpgsqlDataReader> ReadAsync(Statement statement, CancellationToken cancellationToken) =>
            connection.Batch(statement).ExecuteReaderAsync(cancellationToken);

        internal NpgsqlBatch Batch(params ReadOnlySpan<Statement> statements)
        {
            var batch = new NpgsqlBatch(connection);
            foreach (var statement in statements)
            {
                batch.BatchCommands.Add(statement.Command);
            }

            return batch;
        }
    }
}

using Microsoft.EntityFrameworkCore;

namespace Lovage;

/// <summary>Adds what Lovage stores to a model.</summary>
public static class LovageModelBuilderExtensions
{
    /// <summary>
    /// Adds <see cref="JobRow"/> as an entity without a key on the view of jobs. Migrations leave the view alone:
    /// Lovage makes it. Call it in <c>OnModelCreating</c>.
    /// </summary>
    /// <param name="modelBuilder">The model.</param>
    /// <param name="schema">The schema of Lovage's tables, as in
    /// <see cref="PostgreSql.PostgreSqlStorageOptions.Schema"/>; <c>lovage</c> by default.</param>
    public static ModelBuilder AddLovageJobs(this ModelBuilder modelBuilder, string schema = "lovage")
    {
        ArgumentNullException.ThrowIfNull(modelBuilder);
        ArgumentException.ThrowIfNullOrEmpty(schema);
        return modelBuilder.Entity<JobRow>(row =>
        {
            row.HasNoKey();
            row.ToView("job", schema);

            // By name, whatever convention of names the app's model has.
            row.Property(static job => job.Id).HasColumnName("id");
            row.Property(static job => job.Name).HasColumnName("name");
            row.Property(static job => job.Queue).HasColumnName("queue");
            row.Property(static job => job.Status).HasColumnName("status");
            row.Property(static job => job.Attempts).HasColumnName("attempts");
            row.Property(static job => job.CreatedAt).HasColumnName("created_at");
            row.Property(static job => job.StartedAt).HasColumnName("started_at");
            row.Property(static job => job.FinishedAt).HasColumnName("finished_at");
            row.Property(static job => job.Worker).HasColumnName("worker");
            row.Property(static job => job.State).HasColumnName("state");
            row.Property(static job => job.Priority).HasColumnName("priority");
            row.Property(static job => job.DueAt).HasColumnName("due_at");
            row.Property(static job => job.Reason).HasColumnName("reason");
            row.Property(static job => job.ErrorType).HasColumnName("error_type");
            row.Property(static job => job.Error).HasColumnName("error");
            row.Property(static job => job.Schedule).HasColumnName("schedule");
            row.Property(static job => job.WorkerKey).HasColumnName("worker_key");
            row.PrimitiveCollection(static job => job.Tags).HasColumnName("tags");
        });
    }
}

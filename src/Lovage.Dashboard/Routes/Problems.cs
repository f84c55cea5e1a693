using Lovage.Dashboard.Api;
using Lovage.Dashboard.Search;
using Microsoft.AspNetCore.Http;

namespace Lovage.Dashboard.Routes;

/// <summary>From errors to problems. Persons who may enter may read why the storage fails.</summary>
internal static class Problems
{
    /// <returns>Null for a fault of ours.</returns>
    internal static Problem? Of(Exception fault) => fault switch
    {
        ApiException api => api.Problem,
        SearchException search => new(
            "The search cannot be understood.", search.Message, StatusCodes.Status400BadRequest)
        {
            Qualifiers = search.Qualifiers,
            Field = "q",
        },
        BadArgumentsException bad => new(
            "The arguments do not fit the job.", bad.Message, StatusCodes.Status400BadRequest)
        {
            Field = bad.Parameter,
        },
        TriggerException trigger => new(
            "The trigger is not valid.", trigger.Message, StatusCodes.Status400BadRequest)
        {
            Field = trigger.Field,
        },
        ScheduleException { IsMissing: true } schedule => new(
            "There is no such schedule.", schedule.Message, StatusCodes.Status404NotFound),
        ScheduleException schedule => new(
            "The schedule cannot be changed in this way.", schedule.Message, StatusCodes.Status409Conflict),
        PayloadTooLargeException large => new(
            "The arguments are too large.", large.Message, StatusCodes.Status413PayloadTooLarge),
        JobIdConflictException conflict => new(
            "The job id is taken.", conflict.Message, StatusCodes.Status409Conflict),
        BulkCountException count => new(
            "Another number of jobs matches now.", count.Message, StatusCodes.Status409Conflict)
        {
            Expected = Bounded.Of(count.Count),
        },
        QueueFullException full => new(
            "The queue is full.", full.Message, StatusCodes.Status503ServiceUnavailable),
        StorageException { IsTransient: true } storage => new(
            "The storage cannot be reached now.", storage.Message, StatusCodes.Status503ServiceUnavailable),
        StorageException storage => new(
            "The storage cannot do that.", storage.Message, StatusCodes.Status501NotImplemented),
        BadHttpRequestException bad => new("The request cannot be read.", bad.Message, bad.StatusCode),
        ArgumentException bad => new(
            "The request cannot be understood.", Message(bad), StatusCodes.Status400BadRequest)
        {
            Field = bad.ParamName,
        },
        _ => null,
    };

    /// <summary>The message without the name of a parameter of ours.</summary>
    private static string Message(ArgumentException fault)
    {
        var end = fault.Message.IndexOf(" (Parameter '", StringComparison.Ordinal);
        return end > 0 ? fault.Message[..end] : fault.Message;
    }
}

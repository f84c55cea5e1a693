namespace Lovage;

/// <summary>The headers of a job that was made from another one with other arguments.</summary>
internal static class EditHeaders
{
    /// <summary>The id of the job that it was made from.</summary>
    internal const string EditedFrom = "lovage_edited_from";
}

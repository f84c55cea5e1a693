using System.Text.Json.Serialization;
using Quickstart.Jobs.Statistics;

namespace Quickstart.Jobs;

/// <summary>
/// The JSON contracts of what these jobs return, written at compile time: no reflection, ready for trimming.
/// </summary>
[JsonSerializable(typeof(DatasetSummary))]
[JsonSerializable(typeof(DailyReport))]
public sealed partial class QuickstartJson : JsonSerializerContext;

namespace Lovage;

/// <summary>
/// A period by the calendar: years, months, weeks and days, each 0 or more; together a day to 100 years.
/// </summary>
/// <param name="Years">Years; 0 by default.</param>
/// <param name="Months">Months; 0 by default. 3 for quarters.</param>
/// <param name="Weeks">Weeks; 0 by default.</param>
/// <param name="Days">Days; 0 by default.</param>
public readonly record struct CalendarPeriod(int Years = 0, int Months = 0, int Weeks = 0, int Days = 0);

namespace Lovage.Scheduling;

/// <summary>Reads one field of a cron expression into bit sets, or says what is wrong with it.</summary>
internal sealed class CronFieldParser(string text, int start, int end, CronField field, CronRules rules)
{
    private const int NumberMax = 999_999;
    private const int LastOffsetMax = 30;
    private const int Sunday = 0;
    private const int SundayAgain = 7;

    private readonly string _text = text;
    private readonly int _start = start;
    private readonly int _end = end;
    private readonly CronField _field = field;
    private readonly CronRules _rules = rules;
    private int _at = start;

    /// <summary>The plain values, a bit each.</summary>
    internal ulong Values { get; private set; }

    /// <summary>15W.</summary>
    internal uint Nearest { get; private set; }

    /// <summary>L and L-3 in the day of month; FRIL in the day of week.</summary>
    internal uint Last { get; private set; }

    /// <summary>LW and L-3W.</summary>
    internal uint LastWeekday { get; private set; }

    /// <summary>MON#2.</summary>
    internal ulong Nth { get; private set; }

    /// <summary>The field holds a star, a range or a step.</summary>
    internal bool HasRhythm { get; private set; }

    /// <summary>
    /// The field begins with a star or is a question mark: Vixie cron's mark for a day field that does not restrict.
    /// </summary>
    internal bool IsOpen => _text[_start] is '*' or '?';

    internal CronError? Error { get; private set; }

    internal bool Run()
    {
        do
        {
            if (!ReadItem())
            {
                return false;
            }
        }
        while (Take(','));

        if (_at < _end)
        {
            return Fail(_at, $"{Shown(_text[_at])} is not expected here.");
        }

        if ((Values & (1ul << SundayAgain)) != 0 && _field == CronField.DayOfWeek)
        {
            Values = (Values & ~(1ul << SundayAgain)) | 1;
        }

        return true;
    }

    private bool ReadItem()
    {
        var start = _at;
        if (_at == _end || _text[_at] == ',')
        {
            return Fail(_at, "a value is missing; write a number, a range or *.");
        }

        if (Take('*'))
        {
            HasRhythm = true;
            return ReadStep(out var step) && Add(_field.Min, _field.Max, step, start);
        }

        if (_text[_at] == '?')
        {
            return ReadQuestionMark();
        }

        if (_field == CronField.DayOfMonth && IsLetter(_text[_at]))
        {
            return ReadLastDay();
        }

        return ReadValue(out var low) && ReadRest(start, low);
    }

    private bool ReadRest(int start, int low)
    {
        if (_at < _end && IsSpecialMark(_text[_at]))
        {
            return ReadSpecial(low);
        }

        if (Take('-'))
        {
            HasRhythm = true;
            var named = _at < _end && IsLetter(_text[_at]);
            if (!ReadValue(out var high))
            {
                return false;
            }

            // FRI-SUN is a week written to its end, 7-2 one from its beginning.
            if (named && high == Sunday && low > Sunday && _field == CronField.DayOfWeek && !_rules.WrapsRanges)
            {
                high = SundayAgain;
            }
            else if (low > high)
            {
                low = FromSunday(low);
            }

            return ReadStep(out var step) && Add(low, high, step, start);
        }

        if (_at < _end && _text[_at] == '/')
        {
            if (!_rules.HasOpenStep)
            {
                return Fail(_at, $"Celery takes a step after * or a range only; write {low}-{_field.Max}/n.");
            }

            HasRhythm = true;
            return ReadStep(out var step) && Add(FromSunday(low), _field.Max, step, start);
        }

        Values |= 1ul << low;
        return true;
    }

    private bool ReadQuestionMark()
    {
        var start = _at++;
        if (!_rules.HasSpecialDays || (_field != CronField.DayOfMonth && _field != CronField.DayOfWeek))
        {
            return Fail(start, _rules.HasSpecialDays
                ? "? stands for any day, in a day field only; write *."
                : "Celery's crontab has no ?; write *.");
        }

        if (start != _start || _at != _end)
        {
            return Fail(start, "? stands alone; write * with a step, or values.");
        }

        return Add(_field.Min, _field.Max, 1, start);
    }

    /// <summary>L, L-3, LW, L-3W.</summary>
    private bool ReadLastDay()
    {
        var start = _at;
        if (!_rules.HasSpecialDays || !TakeLetter('L'))
        {
            return Fail(start, _rules.HasSpecialDays
                ? "a number, L, LW or a day with W (15W) is expected."
                : "Celery's crontab has no L and no W; days are 1 to 31.");
        }

        var offset = 0;
        if (Take('-'))
        {
            var number = _at;
            if (!ReadNumber(out offset))
            {
                return false;
            }

            if (offset is < 1 or > LastOffsetMax)
            {
                return Fail(
                    number, $"no month has a day {offset} days before its last; write L-1 to L-{LastOffsetMax}, or L.");
            }
        }

        if (TakeLetter('W'))
        {
            LastWeekday |= 1u << offset;
        }
        else
        {
            Last |= 1u << offset;
        }

        return true;
    }

    private bool IsSpecialMark(char c) =>
        (_field == CronField.DayOfMonth && c is 'W' or 'w')
            || (_field == CronField.DayOfWeek && c is 'L' or 'l' or '#');

    /// <summary>15W, FRIL, MON#2: the mark behind a value.</summary>
    private bool ReadSpecial(int value)
    {
        var mark = _at++;
        if (!_rules.HasSpecialDays)
        {
            return Fail(mark, $"Celery's crontab has no {Shown(_text[mark])}.");
        }

        if (_field == CronField.DayOfMonth)
        {
            Nearest |= 1u << value;
            return true;
        }

        var weekday = value % SundayAgain;
        if (_text[mark] != '#')
        {
            Last |= 1u << weekday;
            return true;
        }

        var number = _at;
        if (!ReadNumber(out var nth))
        {
            return false;
        }

        if (nth is < 1 or > CronFields.NthMax)
        {
            return Fail(
                number,
                $"a weekday comes at most {CronFields.NthMax} times a month; write #1 to #{CronFields.NthMax}.");
        }

        Nth |= 1ul << (((nth - 1) * CronFields.DaysInWeek) + weekday);
        return true;
    }

    private bool ReadValue(out int value)
    {
        var start = _at;
        if (_at < _end && IsLetter(_text[_at]))
        {
            return ReadName(out value);
        }

        if (!ReadNumber(out value))
        {
            return false;
        }

        var max = _field == CronField.DayOfWeek ? _rules.SundayMax : _field.Max;
        if (value >= _field.Min && value <= max)
        {
            return true;
        }

        return Fail(start, _field == CronField.DayOfWeek && value == SundayAgain
            ? "Celery's days of the week are 0 (Sunday) to 6; write 0."
            : $"{Shown(value)} is out of range; {_field.Min} to {max} are allowed.");
    }

    private bool ReadName(out int value)
    {
        var start = _at;
        while (_at < _end && IsLetter(_text[_at]))
        {
            _at++;
        }

        value = _field.ValueOf(_text, start, _at - start, _rules.HasLongNames);
        if (value >= 0)
        {
            return true;
        }

        // FRIL is FRI with a mark.
        if (_field == CronField.DayOfWeek && _text[_at - 1] is 'L' or 'l')
        {
            value = _field.ValueOf(_text, start, _at - start - 1, _rules.HasLongNames);
            if (value >= 0)
            {
                _at--;
                return true;
            }

            if (_at - start == 1)
            {
                return Fail(start, _rules.HasSpecialDays
                    ? "L needs its day before it: FRIL or 5L is the last Friday of the month."
                    : "Celery's crontab has no L.");
            }
        }

        return Fail(start, !_field.HasNames ? "names are for months and days of the week; write a number."
            : $"no {(_field == CronField.Month ? "month" : "day")} is called so; write "
                + $"{(_field == CronField.Month ? "JAN to DEC" : "SUN to SAT")} or a number.");
    }

    private bool ReadNumber(out int value)
    {
        var start = _at;
        value = 0;
        while (_at < _end && _text[_at] is >= '0' and <= '9')
        {
            // Larger ones are all the same: out of range.
            value = Math.Min((value * 10) + (_text[_at] - '0'), NumberMax);
            _at++;
        }

        return _at > start || Fail(
            start, _at < _end ? $"a number is expected, not {Shown(_text[_at])}." : "a number is missing at the end.");
    }

    private bool ReadStep(out int step)
    {
        step = 1;
        if (!Take('/'))
        {
            return true;
        }

        var start = _at;
        if (!ReadNumber(out step))
        {
            return false;
        }

        return (step >= 1 && step <= _field.Size)
            || Fail(start, step == 0
                ? $"a step of 0 goes nowhere; write 1 to {_field.Size}."
                : $"a step of {Shown(step)} is larger than the field; write 1 to {_field.Size}.");
    }

    private bool Add(int low, int high, int step, int start)
    {
        if (high >= low)
        {
            for (var value = low; value <= high; value += step)
            {
                Values |= 1ul << value;
            }

            return true;
        }

        var wrapped = new List<int>();
        for (var value = low; value <= high + _field.Size; value += step)
        {
            wrapped.Add(value > _field.Max ? value - _field.Size : value);
        }

        if (!_rules.WrapsRanges)
        {
            var instead = step > 1 ? string.Join(",", wrapped) : $"{Range(low, _field.Max)},{Range(_field.Min, high)}";
            return Fail(start, $"the range {low}-{high} runs backwards; write {instead}.");
        }

        foreach (var value in wrapped)
        {
            Values |= 1ul << value;
        }

        return true;
    }

    private int FromSunday(int value) => _field == CronField.DayOfWeek && value == SundayAgain ? Sunday : value;

    private static string Range(int low, int high) => low == high ? $"{low}" : $"{low}-{high}";

    private bool Take(char wanted)
    {
        if (_at == _end || _text[_at] != wanted)
        {
            return false;
        }

        _at++;
        return true;
    }

    private bool TakeLetter(char upper) => Take(upper) || Take((char)(upper | 0x20));

    private bool Fail(int position, string message)
    {
        Error = new CronError(_field.Name, position, message);
        return false;
    }

    private static bool IsLetter(char c) => c is (>= 'A' and <= 'Z') or (>= 'a' and <= 'z');

    private static string Shown(char c) => c is > ' ' and < '\u007f' ? $"'{c}'" : $"the character U+{(int)c:X4}";

    private static string Shown(int number) => number == NumberMax ? "a number this large" : $"{number}";
}

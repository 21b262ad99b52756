//! Schedules: five or six fields, as the services' `cron-parser` reads them, in UTC.
//!
//! Fields that are missing are those at the front: the seconds are then 0, and further ones any. Where both the day of
//! the month and the day of the week are restricted, either is enough.

use chrono::{DateTime, Datelike as _, Days, NaiveDate, NaiveTime, Utc};

/// A field of a schedule: its smallest and largest number, and whether `L` is one of them.
struct Field {
    min: u32,
    max: u32,
    last: bool,
    names: &'static [&'static str],
}

const fn numbers(min: u32, max: u32) -> Field {
    Field { min, max, last: false, names: &[] }
}

const MONTHS: &[&str] = &["", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

const SECOND: Field = numbers(0, 59);
const MINUTE: Field = numbers(0, 59);
const HOUR: Field = numbers(0, 23);
const DAY: Field = Field { min: 1, max: 31, last: true, names: &[] };
const MONTH: Field = Field { min: 1, max: 12, last: false, names: MONTHS };
const WEEKDAY: Field = Field { min: 0, max: 7, last: true, names: WEEKDAYS };

/// What stands for the fields of an expression that are missing, from the front.
const DEFAULTS: [&str; 6] = ["*", "*", "*", "*", "*", "0"];

/// Names for whole expressions.
const NAMED: &[(&str, &str)] = &[
    ("@yearly", "0 0 0 1 1 *"),
    ("@annually", "0 0 0 1 1 *"),
    ("@monthly", "0 0 0 1 * *"),
    ("@weekly", "0 0 0 * * 0"),
    ("@daily", "0 0 0 * * *"),
    ("@hourly", "0 0 * * * *"),
    ("@minutely", "0 * * * * *"),
    ("@secondly", "* * * * * *"),
];

/// How far ahead a time is looked for: the 29th of February comes within eight years.
const HORIZON: Days = Days::new(366 * 9);

/// The numbers that a field allows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Allowed {
    /// A bit for each number.
    bits: u64,
    /// Whether the last day of the month is one, or the last such weekday of the month.
    last: bool,
    any: bool,
}

impl Allowed {
    fn has(&self, number: u32) -> bool {
        self.bits & (1 << number) != 0
    }
}

/// One schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Schedule {
    second: Allowed,
    minute: Allowed,
    hour: Allowed,
    day: Allowed,
    month: Allowed,
    weekday: Allowed,
    /// Only the weekday that is the so-manieth of its month.
    nth: Option<u32>,
}

/// The next time after `now` of any of these schedules; none for none.
pub(super) fn next_of(schedules: &[String], now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    schedules.iter().filter_map(|text| Schedule::parse(text).ok()?.next(now)).min()
}

impl Schedule {
    /// Reads a schedule.
    ///
    /// # Errors
    /// What is wrong with it, in the words of `cron-parser`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let text = NAMED.iter().find(|(name, _)| *name == text).map_or(text, |(_, meaning)| meaning);
        let given: Vec<&str> = text.split_whitespace().collect();
        let missing = DEFAULTS.len().checked_sub(given.len()).ok_or("Invalid cron expression, too many fields")?;
        let defaults = DEFAULTS.iter().skip(given.len()).take(missing);
        let fields: Vec<&str> = defaults.copied().chain(given).collect();
        let [second, minute, hour, day, month, weekday] = fields[..] else {
            return Err("Invalid cron expression".into());
        };
        let second = SECOND.parse(second)?;
        let minute = MINUTE.parse(minute)?;
        let hour = HOUR.parse(hour)?;
        let month = MONTH.parse(month)?;
        let day = DAY.parse(day)?;
        let (weekday, nth) = split_nth(weekday)?;
        let mut weekday = WEEKDAY.parse(weekday)?;
        // Sunday is 0 and 7.
        weekday.bits |= weekday.bits >> 7 & 1;
        Ok(Self { second, minute, hour, day, month, weekday, nth })
    }

    /// The next time after `now`; `None` when there is none, as on the 30th of February.
    pub(crate) fn next(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let first = now.date_naive();
        let after = now.time();
        let end = first.checked_add_days(HORIZON)?;
        let days = first.iter_days().take_while(|day| *day < end).filter(|day| self.allows(*day));
        for day in days {
            if let Some(time) = self.time_after((day == first).then_some(after)) {
                return Some(day.and_time(time).and_utc());
            }
        }
        None
    }

    /// The first time of a day, or the first one after another.
    fn time_after(&self, after: Option<NaiveTime>) -> Option<NaiveTime> {
        let hours = (0..24).filter(|hour| self.hour.has(*hour));
        let minutes = |hour| (0..60).filter(|minute| self.minute.has(*minute)).map(move |minute| (hour, minute));
        let seconds = |(hour, minute)| {
            let seconds = (0..60).filter(|second| self.second.has(*second));
            seconds.filter_map(move |second| NaiveTime::from_hms_opt(hour, minute, second))
        };
        hours.flat_map(minutes).flat_map(seconds).find(|time| after.is_none_or(|after| *time > after))
    }

    fn allows(&self, day: NaiveDate) -> bool {
        if !self.month.has(day.month()) {
            return false;
        }
        let is_last = |days| day.checked_add_days(Days::new(days)).is_none_or(|later| later.month() != day.month());
        let by_day = self.day.has(day.day()) || (self.day.last && is_last(1));
        let of_week = day.weekday().num_days_from_sunday();
        let by_weekday = if self.weekday.last {
            self.weekday.has(of_week) && is_last(7)
        } else {
            self.weekday.has(of_week) && self.nth.is_none_or(|nth| (day.day() - 1) / 7 + 1 == nth)
        };
        match (self.day.any, self.weekday.any) {
            (false, true) => by_day,
            (true, false) => by_weekday,
            (true, true) => true,
            (false, false) => by_day || by_weekday,
        }
    }
}

/// The weekday and which one of its month it must be: `1#2`.
fn split_nth(field: &str) -> Result<(&str, Option<u32>), String> {
    let Some((weekday, nth)) = field.split_once('#') else { return Ok((field, None)) };
    if let Some(special) = field.chars().find(|c| matches!(c, ',' | '-' | '/')) {
        let message = "Constraint error, invalid dayOfWeek `#` and";
        return Err(format!("{message} `{special}` special characters are incompatible"));
    }
    let nth = nth.parse().ok().filter(|nth| (1..=5).contains(nth));
    let nth = nth.ok_or("Constraint error, invalid dayOfWeek occurrence number (#)")?;
    Ok((weekday, Some(nth)))
}

/// Digits at the beginning, as JavaScript reads numbers.
fn leading_number(text: &str) -> Option<u32> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.get(..digits)?.parse().ok()
}

impl Field {
    fn parse(&self, text: &str) -> Result<Allowed, String> {
        let mut allowed = Allowed { any: matches!(text, "*" | "?"), ..Allowed::default() };
        let text = self.without_names(text)?;
        let is_known = |c: char| c.is_ascii_digit() || "?,*H/-".contains(c) || (self.last && c == 'L');
        if text.is_empty() || !text.chars().all(is_known) {
            return Err(format!("Invalid characters, got value: {text}"));
        }
        let all = format!("{}-{}", self.min, self.max);
        for part in text.replace(['*', '?', 'H'], &all).split(',') {
            if part.is_empty() {
                return Err("Invalid list value format".into());
            }
            self.add(&mut allowed, part)?;
        }
        Ok(allowed)
    }

    /// With numbers for the names of months and weekdays.
    fn without_names(&self, text: &str) -> Result<String, String> {
        if self.names.is_empty() {
            return Ok(text.to_owned());
        }
        let mut out = String::new();
        let mut rest = text;
        while let Some(start) = rest.find(|c: char| c.is_ascii_alphabetic()) {
            let (before, from) = rest.split_at(start);
            out.push_str(before);
            let length = from.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(from.len());
            if length < 3 {
                let (letters, after) = from.split_at(length);
                out.push_str(letters);
                rest = after;
                continue;
            }
            let (name, after) = from.split_at(3);
            let name = name.to_ascii_lowercase();
            let number = self.names.iter().position(|known| *known == name);
            let number = number.ok_or_else(|| format!("Validation error, cannot resolve alias \"{name}\""))?;
            out.push_str(&number.to_string());
            rest = after;
        }
        out.push_str(rest);
        Ok(out)
    }

    /// Adds a number, a range, or one of these with a step.
    fn add(&self, allowed: &mut Allowed, part: &str) -> Result<(), String> {
        let (range, step) = match part.split_once('/') {
            Some((_, step)) if step.contains('/') => return Err(format!("Invalid repeat: {part}")),
            Some((range, step)) => (range, Some(step)),
            None => (part, None),
        };
        let out_of_range =
            |shown: &str| format!("Constraint error, got value {shown} expected range {}-{}", self.min, self.max);
        let Some((min, max)) = range.split_once('-') else {
            if self.last && range.contains('L') {
                allowed.last = true;
                if let Some(number) = leading_number(range) {
                    allowed.bits |= 1 << number.min(self.max);
                }
                return Ok(());
            }
            let number = range.parse().ok().filter(|number| (self.min..=self.max).contains(number));
            let number: u32 = number.ok_or_else(|| out_of_range(range))?;
            let last = if step.is_some() { self.max } else { number };
            return self.add_range(allowed, number, last, step);
        };
        let numbers = leading_number(min).zip(leading_number(max));
        let (low, high) = numbers.filter(|(low, high)| *low >= self.min && *high <= self.max).ok_or_else(|| {
            format!("Constraint error, got range {min}-{max} expected range {}-{}", self.min, self.max)
        })?;
        if low > high {
            return Err(format!("Invalid range: {low}-{high}, min({low}) > max({high})"));
        }
        self.add_range(allowed, low, high, step)
    }

    fn add_range(&self, allowed: &mut Allowed, low: u32, high: u32, step: Option<&str>) -> Result<(), String> {
        let step = match step {
            None => 1,
            Some(text) => leading_number(text).filter(|step| *step > 0).ok_or_else(|| {
                let shown = leading_number(text).map_or("NaN".to_owned(), |step| step.to_string());
                format!("Constraint error, cannot repeat at every {shown} time.")
            })?,
        };
        for number in (low..=high).step_by(step as usize) {
            allowed.bits |= 1 << number;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::wire::{parse_time, stamp};
    use proptest::prelude::*;

    /// The next times after noon of Sunday, 22 November 2026.
    fn next(schedule: &str, count: usize) -> Vec<String> {
        let schedule = Schedule::parse(schedule).unwrap();
        let mut now = parse_time("2026-11-22T12:00:00.500Z").unwrap();
        let step = |_| {
            now = schedule.next(now).unwrap();
            stamp(now).trim_end_matches(".000Z").to_owned()
        };
        (0..count).map(step).collect()
    }

    #[test]
    fn five_fields_begin_with_the_minute_and_six_with_the_second() {
        assert_eq!(next("30 1 * * *", 2), ["2026-11-23T01:30:00", "2026-11-24T01:30:00"]);
        assert_eq!(next("5 30 13 * * *", 1), ["2026-11-22T13:30:05"]);
        assert_eq!(next("*/20 * * * * *", 2), ["2026-11-22T12:00:20", "2026-11-22T12:00:40"]);
        assert_eq!(next("0 0 9,21 * * 1-5", 3), ["2026-11-23T09:00:00", "2026-11-23T21:00:00", "2026-11-24T09:00:00"]);
        assert_eq!(next("@hourly", 1), ["2026-11-22T13:00:00"]);
        assert_eq!(next("0 50/5 * * * *", 3), ["2026-11-22T12:50:00", "2026-11-22T12:55:00", "2026-11-22T13:50:00"]);
    }

    #[test]
    fn days_of_month_and_week_are_alternatives_when_both_are_restricted() {
        assert_eq!(next("0 0 1 * 1", 3), ["2026-11-23T00:00:00", "2026-11-30T00:00:00", "2026-12-01T00:00:00"]);
        assert_eq!(next("0 0 1 * *", 1), ["2026-12-01T00:00:00"]);
        assert_eq!(next("0 0 * * sun", 1), ["2026-11-29T00:00:00"]);
        assert_eq!(next("0 0 * * 7", 1), ["2026-11-29T00:00:00"]);
        assert_eq!(next("0 0 L * *", 2), ["2026-11-30T00:00:00", "2026-12-31T00:00:00"]);
        assert_eq!(next("0 0 * * 5L", 2), ["2026-11-27T00:00:00", "2026-12-25T00:00:00"]);
        assert_eq!(next("0 0 * * 1#2", 2), ["2026-12-14T00:00:00", "2027-01-11T00:00:00"]);
        assert_eq!(next("0 0 29 feb *", 1), ["2028-02-29T00:00:00"]);
        assert_eq!(Schedule::parse("0 0 30 2 *").unwrap().next(Utc::now()), None);
    }

    #[test]
    fn faults_are_worded_as_the_library_of_the_services_words_them() {
        for (schedule, expected) in [
            ("nope", "Constraint error, got value 0 expected range 1-12"),
            ("0 0 0 * nov xyz", "Validation error, cannot resolve alias \"xyz\""),
            ("60 * * * * *", "Constraint error, got value 60 expected range 0-59"),
            ("* 5-70 * * * *", "Constraint error, got range 5-70 expected range 0-59"),
            ("* 9-5 * * * *", "Invalid range: 9-5, min(9) > max(5)"),
            ("* */0 * * * *", "Constraint error, cannot repeat at every 0 time."),
            ("1, * * * * *", "Invalid list value format"),
            ("a * * * * *", "Invalid characters, got value: a"),
            ("* * * * * * *", "Invalid cron expression, too many fields"),
            ("0 0 * * 1#6", "Constraint error, invalid dayOfWeek occurrence number (#)"),
        ] {
            assert_eq!(Schedule::parse(schedule).unwrap_err(), expected, "{schedule}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[0-9*?/,#LHa-z -]{0,24}") {
            if let Ok(schedule) = Schedule::parse(&text) {
                let now = parse_time("2026-11-22T12:00:00Z").unwrap();
                prop_assert!(schedule.next(now).is_none_or(|next| next > now));
            }
        }
    }
}

//! Shares, times, sizes and rates as people write them. Pure.

use std::str::FromStr;
use std::time::Duration;

use crate::domain::time::parse_duration;

/// A part of all, written as a percentage or as a fraction: `5%`, `0.05`, `0`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share(f64);

impl Share {
    /// All of them.
    pub const ALL: Self = Self(1.0);

    /// From 0 to 1.
    pub fn fraction(self) -> f64 {
        self.0
    }
}

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (number, whole) = match text.trim().strip_suffix('%') {
            Some(number) => (number.trim(), 100.0),
            // `1` could be meant as one in a hundred, or as all.
            None if text.trim() == "0" || text.contains('.') => (text.trim(), 1.0),
            None => ("", 1.0),
        };
        let number = number.parse::<f64>().ok().filter(|number| (0.0..=whole).contains(number));
        number.map(|number| Self(number / whole)).ok_or_else(|| format!("`{text}` is not a share such as 5%"))
    }
}

/// Number and unit.
fn split(text: &str) -> (&str, &str) {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    (number, unit.trim())
}

/// `50ms`, `2s`, `1.5m`: see [`parse_duration`].
///
/// # Errors
/// For anything else.
pub(super) fn time(text: &str) -> Result<Duration, String> {
    parse_duration(text).map_err(|_| format!("`{text}` is not a time such as 50ms or 2s"))
}

/// `500`, `64KB`, `1MB`: bytes.
///
/// # Errors
/// For anything else.
pub(super) fn size(text: &str) -> Result<u64, String> {
    let (number, unit) = split(text);
    let factor = match unit.to_ascii_uppercase().as_str() {
        "" | "B" => 1.0,
        "KB" => 1e3,
        "MB" => 1e6,
        "GB" => 1e9,
        "KIB" => 1024.0,
        "MIB" => 1024.0 * 1024.0,
        "GIB" => 1024.0 * 1024.0 * 1024.0,
        _ => f64::NAN,
    };
    let bytes = number.parse::<f64>().ok().map(|number| number * factor).filter(|bytes| bytes.is_finite());
    bytes.map(|bytes| bytes as u64).ok_or_else(|| format!("`{text}` is not a size such as 500 or 1MB"))
}

/// `1MB/s`: bytes a second.
///
/// # Errors
/// For anything else, and for nothing a second.
pub(super) fn rate(text: &str) -> Result<u64, String> {
    let known = text.trim().strip_suffix("/s").and_then(|text| size(text).ok()).filter(|rate| *rate > 0);
    known.ok_or_else(|| format!("`{text}` is not a rate such as 1MB/s"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_read_and_nothing_else() {
        assert_eq!("5%".parse::<Share>().map(Share::fraction), Ok(0.05));
        assert_eq!("100%".parse(), Ok(Share::ALL));
        for (text, fraction) in [("0.05", 0.05), ("0", 0.0), ("0%", 0.0), ("1.0", 1.0)] {
            assert_eq!(text.parse::<Share>().map(Share::fraction), Ok(fraction), "{text}");
        }
        assert_eq!((time("50ms"), time("1.5m")), (Ok(Duration::from_millis(50)), Ok(Duration::from_secs(90))));
        assert_eq!((size("500"), size("1MB"), size("2KiB")), (Ok(500), Ok(1_000_000), Ok(2048)));
        assert_eq!(rate("1MB/s"), Ok(1_000_000));
        for text in ["5", "1", "1.5", "-0.1", ".", "", "%", "101%", "-1%", "x%", "NaN%"] {
            assert_eq!(text.parse::<Share>(), Err(format!("`{text}` is not a share such as 5%")));
        }
        for text in ["", "ms", "-1s", "1e3s"] {
            assert_eq!(time(text), Err(format!("`{text}` is not a time such as 50ms or 2s")));
        }
        for text in ["MB", "", "1TB", "-1"] {
            assert_eq!(size(text), Err(format!("`{text}` is not a size such as 500 or 1MB")));
        }
        for text in ["1MB", "0MB/s", "/s"] {
            assert_eq!(rate(text), Err(format!("`{text}` is not a rate such as 1MB/s")));
        }
    }
}

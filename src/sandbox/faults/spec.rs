//! Which faults there are and how they are written: `error=5%,429=2%:1s,only=/api/queue/`. Pure.

use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use super::units::{Share, rate, size, time};

/// Sets of faults; each is for the requests that it names.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Faults {
    pub(super) rules: Vec<Rule>,
}

/// Faults for some requests.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Rule {
    /// What happens, and to what share of the requests.
    pub kinds: Vec<(Share, Kind)>,
    /// Paths begin with one of these; all do when there are none.
    pub only: Vec<String>,
    pub seed: u64,
}

/// What can happen to a request.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// An error of the server's, with this status. Nothing else is done.
    Error(u16),
    /// 429 with `Retry-After`. Nothing else is done.
    TooMany(Duration),
    /// Storage: the signed URL counts as expired.
    Expired,
    /// The answer comes so much later.
    Delay(RangeInclusive<Duration>),
    /// The request is done, and the connection is closed without an answer.
    HangUp,
    /// The answer's body ends after so many bytes, or half way.
    Truncate(Option<u64>),
    /// The answer's body stops after so many bytes, or half way, and the connection stays open.
    Stall(Option<u64>),
    /// The answer's body comes at so many bytes a second.
    Slow(u64),
    /// Storage: one byte of the body is another.
    WrongHash,
    /// Storage: the last byte is missing, and the answer's length agrees with that.
    WrongLength,
    /// Storage: the checksum at the end of a compressed body is wrong.
    WrongTrailer,
    /// Storage: the whole is served whatever range is asked for.
    NoRange,
}

impl Faults {
    /// No faults.
    pub fn none() -> Self {
        Self::default()
    }

    /// These and those.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.rules.extend(other.rules);
        self
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rules.iter().all(|rule| rule.kinds.is_empty())
    }
}

/// The names of the kinds, with what is written after them.
const KINDS: &[(&str, &str)] = &[
    ("error", "SHARE[:STATUS]"),
    ("429", "SHARE[:TIME]"),
    ("delay", "[SHARE:]TIME[..TIME]"),
    ("hangup", "SHARE"),
    ("truncate", "SHARE[:SIZE]"),
    ("stall", "SHARE[:SIZE]"),
    ("slow", "[SHARE:]RATE"),
    ("wrong-hash", "SHARE"),
    ("wrong-length", "SHARE"),
    ("wrong-trailer", "SHARE"),
    ("expired", "SHARE"),
    ("no-range", "[SHARE]"),
    ("only", "PATH"),
    ("seed", "NUMBER"),
];

impl FromStr for Faults {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut rule = Rule { seed: 1, ..Rule::default() };
        for part in text.split(',') {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let (name, value) = (name.trim(), value.trim());
            let Some((_, form)) = KINDS.iter().find(|(known, _)| *known == name) else {
                let names: Vec<&str> = KINDS.iter().map(|(name, _)| *name).collect();
                return Err(format!("unknown fault `{name}`; there are {}", names.join(", ")));
            };
            rule.add(name, value).map_err(|fault| format!("{fault}; write {name}={form}"))?;
        }
        if rule.kinds.is_empty() {
            return Err("it names no fault, only to what requests it would happen".into());
        }
        Ok(Self { rules: vec![rule] })
    }
}

impl Rule {
    fn add(&mut self, name: &str, value: &str) -> Result<(), String> {
        let kind = match name {
            "only" if value.starts_with('/') => {
                self.only.push(value.to_owned());
                return Ok(());
            }
            "only" => return Err(format!("`{value}` is not a path")),
            "seed" => {
                self.seed = value.parse().map_err(|_| format!("`{value}` is not a number"))?;
                return Ok(());
            }
            "error" => after(value, |status| {
                let status = status.map_or(Ok(500), str::parse).ok().filter(|status| (500..600).contains(status));
                status.map(Kind::Error).ok_or_else(|| "the status of an error is one from 500 to 599".into())
            })?,
            "429" => after(value, |text| Ok(Kind::TooMany(text.map_or(Ok(Duration::from_secs(1)), time)?)))?,
            "truncate" => after(value, |text| Ok(Kind::Truncate(text.map(size).transpose()?)))?,
            "stall" => after(value, |text| Ok(Kind::Stall(text.map(size).transpose()?)))?,
            "delay" => before(value, |text| Ok(Kind::Delay(span(text)?)))?,
            "slow" => before(value, |text| Ok(Kind::Slow(rate(text)?)))?,
            "no-range" if value.is_empty() => (Share::ALL, Kind::NoRange),
            "no-range" => (value.parse()?, Kind::NoRange),
            "hangup" => (value.parse()?, Kind::HangUp),
            "wrong-hash" => (value.parse()?, Kind::WrongHash),
            "wrong-length" => (value.parse()?, Kind::WrongLength),
            "wrong-trailer" => (value.parse()?, Kind::WrongTrailer),
            _ => (value.parse()?, Kind::Expired),
        };
        self.kinds.push(kind);
        Ok(())
    }
}

/// A share with something optional after it.
fn after(value: &str, kind: impl FnOnce(Option<&str>) -> Result<Kind, String>) -> Result<(Share, Kind), String> {
    let (share, rest) = value.split_once(':').map_or((value, None), |(share, rest)| (share, Some(rest)));
    Ok((share.parse()?, kind(rest)?))
}

/// Something with an optional share before it.
fn before(value: &str, kind: impl FnOnce(&str) -> Result<Kind, String>) -> Result<(Share, Kind), String> {
    match value.split_once(':') {
        Some((share, rest)) => Ok((share.parse()?, kind(rest)?)),
        None => Ok((Share::ALL, kind(value)?)),
    }
}

fn span(text: &str) -> Result<RangeInclusive<Duration>, String> {
    let (least, most) = text.split_once("..").unwrap_or((text, text));
    let (least, most) = (time(least)?, time(most)?);
    if least <= most { Ok(least..=most) } else { Err(format!("`{text}` ends before it begins")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> Rule {
        text.parse::<Faults>().unwrap().rules.remove(0)
    }

    fn fault(text: &str) -> String {
        text.parse::<Faults>().unwrap_err()
    }

    #[test]
    fn a_plan_is_read() {
        let found = rule("error=5%,429=2%:3s,delay=50ms..200ms,hangup=1%,truncate=1%:4KB,only=/api/queue/,seed=7");
        let shares: Vec<f64> = found.kinds.iter().map(|(share, _)| share.fraction()).collect();
        assert_eq!(shares, [0.05, 0.02, 1.0, 0.01, 0.01]);
        assert_eq!(found.kinds[0].1, Kind::Error(500));
        assert_eq!(found.kinds[1].1, Kind::TooMany(Duration::from_secs(3)));
        assert_eq!(found.kinds[2].1, Kind::Delay(Duration::from_millis(50)..=Duration::from_millis(200)));
        assert_eq!(found.kinds[4].1, Kind::Truncate(Some(4000)));
        assert_eq!((found.only, found.seed), (vec!["/api/queue/".to_owned()], 7));
        let storage = rule("wrong-hash=1%,wrong-length=2%,wrong-trailer=3%,expired=4%,slow=1MB/s,stall=5%,no-range");
        assert_eq!(storage.kinds.len(), 7);
        assert_eq!(storage.kinds[6], (Share::ALL, Kind::NoRange));
        assert_eq!(rule("error=1%:503,slow=5%:1MB/s").kinds[0].1, Kind::Error(503));
    }

    #[test]
    fn what_is_wrong_with_a_plan_is_named() {
        assert!(fault("eror=5%").starts_with("unknown fault `eror`; there are error, 429, delay, "));
        assert!(fault("").starts_with("unknown fault ``; there are "));
        assert_eq!(fault("error"), "`` is not a share such as 5%; write error=SHARE[:STATUS]");
        assert_eq!(fault("error=5%:404"), "the status of an error is one from 500 to 599; write error=SHARE[:STATUS]");
        assert_eq!(fault("429=5%:x"), "`x` is not a time such as 50ms or 2s; write 429=SHARE[:TIME]");
        assert_eq!(fault("delay=2s..1s"), "`2s..1s` ends before it begins; write delay=[SHARE:]TIME[..TIME]");
        assert_eq!(fault("slow=1MB"), "`1MB` is not a rate such as 1MB/s; write slow=[SHARE:]RATE");
        assert_eq!(fault("hangup=1%,only=api"), "`api` is not a path; write only=PATH");
        assert_eq!(fault("hangup=1%,seed=x"), "`x` is not a number; write seed=NUMBER");
        assert_eq!(fault("only=/api/"), "it names no fault, only to what requests it would happen");
    }
}

//! Which digests content must have, and the digests of what has arrived. Pure.

use std::fmt;

use data_encoding::HEXLOWER;
use md5::Md5;
use sha2::digest::Digest;
use sha2::{Sha256, Sha512};

use crate::error::{Error, Result};

/// An algorithm that content can be checked with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// CRC-32C (RFC 3720, appendix B.4): good against accidents only, and all that Google's storage offers for objects
    /// that were put together from others.
    Crc32c,
    /// MD5: good against accidents only, and all that S3 offers for many objects.
    Md5,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

impl Algorithm {
    /// The name that the object service uses: `sha256`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Crc32c => "crc32c",
            Self::Md5 => "md5",
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    /// The algorithm of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Crc32c, Self::Md5, Self::Sha256, Self::Sha512].into_iter().find(|known| known.name() == name)
    }

    /// Whether nobody can make other content with the same digest.
    pub fn is_strong(self) -> bool {
        matches!(self, Self::Sha256 | Self::Sha512)
    }

    fn bytes(self) -> usize {
        match self {
            Self::Crc32c => 4,
            Self::Md5 => 16,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }
}

/// A digest in lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checksum {
    /// How it was made.
    pub algorithm: Algorithm,
    hex: String,
}

impl Checksum {
    /// Reads hexadecimal digits; none when they are no digest of this algorithm.
    pub fn from_hex(algorithm: Algorithm, hex: &str) -> Option<Self> {
        let hex = hex.trim().to_ascii_lowercase();
        let is_digest = hex.len() == 2 * algorithm.bytes() && hex.bytes().all(|digit| digit.is_ascii_hexdigit());
        is_digest.then_some(Self { algorithm, hex })
    }

    /// From the digest itself; none when it is not as long as it must be.
    pub fn from_bytes(algorithm: Algorithm, bytes: &[u8]) -> Option<Self> {
        (bytes.len() == algorithm.bytes()).then(|| Self { algorithm, hex: HEXLOWER.encode(bytes) })
    }

    /// The hexadecimal digits.
    pub fn hex(&self) -> &str {
        &self.hex
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.algorithm.name(), self.hex)
    }
}

/// A digest that content must have, and who says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Demand {
    /// What it must be.
    pub checksum: Checksum,
    /// Who says so: `the object service`.
    pub by: &'static str,
}

/// Checks every demand; all of them must be met.
///
/// # Errors
/// [`crate::error::Kind::Failed`] with both digests, for the first that differs.
pub(super) fn verify(what: &str, demands: &[Demand], found: &[Checksum]) -> Result<()> {
    for demand in demands {
        let wanted = &demand.checksum;
        let same = found.iter().find(|checksum| checksum.algorithm == wanted.algorithm);
        if same != Some(wanted) {
            let got = same.map_or("was not computed", |checksum| checksum.hex());
            return Err(Error::failed(format!(
                "{what} is not what it should be: its {} is {got}, but {} says {}",
                wanted.algorithm.name(),
                demand.by,
                wanted.hex()
            ))
            .hint("Nothing was kept of it. Try again; if it stays so, the stored content is damaged."));
        }
    }
    Ok(())
}

/// The algorithms of these demands, each once.
pub(super) fn algorithms<'a>(demands: impl IntoIterator<Item = &'a Demand>) -> Vec<Algorithm> {
    let mut all: Vec<Algorithm> = demands.into_iter().map(|demand| demand.checksum.algorithm).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Digests of content that is still arriving, of several kinds at once.
pub(super) struct Digests(Vec<Running>);

enum Running {
    Crc32c(u32),
    Md5(Box<Md5>),
    Sha256(Box<Sha256>),
    Sha512(Box<Sha512>),
}

impl Digests {
    /// Starts a digest for each of these.
    pub(super) fn new(algorithms: &[Algorithm]) -> Self {
        let start = |algorithm: &Algorithm| match algorithm {
            Algorithm::Crc32c => Running::Crc32c(0),
            Algorithm::Md5 => Running::Md5(Box::default()),
            Algorithm::Sha256 => Running::Sha256(Box::default()),
            Algorithm::Sha512 => Running::Sha512(Box::default()),
        };
        Self(algorithms.iter().map(start).collect())
    }

    /// Takes in the next bytes.
    pub(super) fn update(&mut self, bytes: &[u8]) {
        for running in &mut self.0 {
            match running {
                Running::Crc32c(sum) => *sum = crc32c::crc32c_append(*sum, bytes),
                Running::Md5(digest) => digest.update(bytes),
                Running::Sha256(digest) => digest.update(bytes),
                Running::Sha512(digest) => digest.update(bytes),
            }
        }
    }

    /// The digests of all that was taken in.
    pub(super) fn finish(self) -> Vec<Checksum> {
        let end = |running| match running {
            Running::Crc32c(sum) => (Algorithm::Crc32c, HEXLOWER.encode(&sum.to_be_bytes())),
            Running::Md5(digest) => (Algorithm::Md5, HEXLOWER.encode(&digest.finalize())),
            Running::Sha256(digest) => (Algorithm::Sha256, HEXLOWER.encode(&digest.finalize())),
            Running::Sha512(digest) => (Algorithm::Sha512, HEXLOWER.encode(&digest.finalize())),
        };
        let checksum = |(algorithm, hex)| Checksum { algorithm, hex };
        self.0.into_iter().map(end).map(checksum).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Algorithm::{Crc32c as C, Md5 as M, Sha256 as S2, Sha512 as S5};

    fn of(algorithms: &[Algorithm], text: &[u8]) -> Vec<Checksum> {
        let mut digests = Digests::new(algorithms);
        for byte in text {
            digests.update(&[*byte]);
        }
        digests.finish()
    }

    fn demand(algorithm: Algorithm, hex: &str) -> Demand {
        Demand { checksum: Checksum::from_hex(algorithm, hex).unwrap(), by: "the test" }
    }

    const ABC_MD5: &str = "900150983cd24fb0d6963f7d28e17f72";
    const ABC_SHA256: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn digests_are_those_of_the_standards() {
        // The check value of RFC 3720's polynomial in the catalogue of CRCs.
        assert_eq!(of(&[C], b"123456789")[0].hex(), "e3069283");
        let found = of(&[M, S2, S5], b"abc");
        assert_eq!(found[0].hex(), ABC_MD5);
        assert_eq!(found[1].hex(), ABC_SHA256);
        assert!(found[2].hex().starts_with("ddaf35a193617abacc417349ae204131"));
        assert_eq!(found[2].hex().len(), 128);
    }

    #[test]
    fn every_demand_must_be_met() {
        let (right, wrong) = (demand(S2, ABC_SHA256), demand(M, &"0".repeat(32)));
        let found = of(&[M, S2], b"abc");
        assert!(verify("x", std::slice::from_ref(&right), &found).is_ok());
        let error = verify("x", &[right.clone(), wrong], &found).unwrap_err();
        assert_eq!(
            error.message(),
            format!("x is not what it should be: its md5 is {ABC_MD5}, but the test says {}", "0".repeat(32))
        );
        assert!(verify("x", &[right], &[]).is_err(), "what was not computed is not met");
    }

    #[test]
    fn only_digests_are_digests() {
        assert!(Checksum::from_hex(S2, &ABC_SHA256.to_uppercase()).is_some_and(|sum| sum.hex() == ABC_SHA256));
        assert_eq!(Checksum::from_hex(S2, ABC_MD5), None);
        assert_eq!(Checksum::from_hex(M, &"g".repeat(32)), None);
        assert_eq!(Checksum::from_bytes(M, b"short"), None);
    }
}

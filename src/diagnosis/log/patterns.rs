//! The lines that toolchains, harnesses and workers print when something fails, as a table.
//!
//! A line is looked at only when it holds one of [`TRIGGERS`]; what [`HARMLESS`] matches is no failure. Of the patterns
//! that match, the first one in the table says what the line is, so the more telling ones stand first.

use aho_corasick::{AhoCorasick, packed};
use regex::{Regex, RegexSet};

use super::FailureKind::{self, Build, Crash, Disk, Error, Exception, Memory, Network, Setup, Test, Timeout, Worker};

/// A pattern: the rank of what it matches, what kind of failure that is, and the regular expression, which sees a line
/// without colours and time stamps. A group called `test` holds the name of a test.
type Row = (u8, FailureKind, &'static str);

/// Lines of higher rank tell more: of two lines the one with the higher rank is the failure, and of several of one rank
/// the first.
const ROWS: &[Row] = &[
    // What the machine ran out of makes all else fail.
    (
        95,
        Disk,
        r"(?i)no space left on device|disk quota exceeded|ENOSPC|not enough (free )?(disk )?space|There is not enough space on the disk",
    ),
    (
        94,
        Memory,
        r"JavaScript heap out of memory|java\.lang\.OutOfMemoryError|Out of memory: Killed process|oom-kill|\bstd::bad_alloc\b|^MemoryError\b|virtual memory exhausted|Cannot allocate memory|cc1plus: out of memory|signal: 9, SIGKILL",
    ),
    // What workers say themselves.
    (
        92,
        Timeout,
        r"(?i)^\[taskcluster[^\]]*\].*(task timeout|max(imum)? ?run ?time|timed out after|timeout after \d+ seconds)",
    ),
    (
        91,
        Worker,
        r"^\[taskcluster:error\] (\[mounts\]|Pulling docker image|Task was aborted|Worker|Artifact .* missing|Failure to (get|create)|Error loading|.*(docker|image|sidecar|volume|mount|cache|livelog|device))",
    ),
    (
        90,
        Worker,
        r"(?i)^\[taskcluster[^\]]*\].*(payload (is )?(in|not )valid|malformed payload|validation of payload|does not (satisfy|match) (the )?schema|spot instance|preempted|shut ?down)",
    ),
    // Crashes.
    (88, Crash, r"^PROCESS-CRASH \| (?P<test>[^|]*?) *(\||$)"),
    (87, Crash, r"(ERROR|SUMMARY): (Address|Thread|Memory|Leak|UndefinedBehavior)Sanitizer"),
    (
        84,
        Crash,
        r"\b(Segmentation fault|Illegal instruction|Bus error|Aborted \(core dumped\)|core dumped|SIGSEGV|SIGABRT|EXCEPTION_ACCESS_VIOLATION)\b",
    ),
    // Tests.
    (80, Test, r"\bTEST-UNEXPECTED-[A-Z-]+ \| (?P<test>[^|]*?) *(\||$)"),
    (79, Test, r"^FAILED (?P<test>\S+(::\S+)+)( - .*)?$"),
    (78, Test, r"^(FAIL|ERROR): (?P<test>[\w.]+ \([\w.]+\)|test\w+)"),
    (78, Test, r"^test (?P<test>[\w:.<> -]+?) \.\.\. FAILED$"),
    (77, Test, r"^--- FAIL: (?P<test>\S+) \("),
    (77, Test, r"^not ok \d+ -? ?(?P<test>[^#]*[^# ])( # .*)?$"),
    (77, Test, r"^\s*(✖|✗|✕|✘) (?P<test>.*?)( \(\d+(\.\d+)? ?ms\))?$"),
    (77, Test, r"^\s*● (?P<test>.+ › .+)$"),
    (77, Test, r"^\[ERROR\]\s+(?P<test>\w+(\.\w+)*(Test|Tests|IT)\w*[.:]\w+):\d+"),
    (77, Test, r"^\d+/\d+ +Test +#\d+: (?P<test>\S+) \.*\*+(Failed|Exception|Timeout)"),
    (77, Test, r"^\s*\d+ - (?P<test>\S+) \((Failed|Timeout|SEGFAULT)\)$"),
    (77, Test, r"^not ok \d+"),
    (76, Test, r"^\[ *FAILED *\] (?P<test>\w+(/\w+)*\.\w+(/\w+)*)"),
    (76, Test, r"^\s*Failed test '(?P<test>.*)'$|^#\s+Failed test (at|'(?P<name>.*)')"),
    (75, Test, r"^thread '(?P<test>[^']+)'( \(\d+\))? panicked at "),
    // Builds.
    (74, Build, r"^error\[E\d{4}\]: "),
    (74, Build, r"^(?P<file>[^\s:][^:]*|[A-Za-z]:[^:]*)[:(]\d+([:,]\d+)?\)?: (fatal )?error( [A-Z]+\d+)?: "),
    (74, Build, r"^\S+\(\d+(,\d+)?\): (fatal )?error [A-Z]+\d+: "),
    (74, Build, r"^\[ERROR\] .*\.java:\[\d+,\d+\] "),
    (
        73,
        Build,
        r"\bundefined reference to\b|\bld: symbol\(s\) not found|ld(\.\w+)?: error: |LNK\d{4}:|multiple definition of ",
    ),
    (73, Build, r"^CMake Error\b"),
    (73, Build, r"^E\d{4} .*|^\S+:\d+:\d+: E\d{3} |^\s*\d+:\d+\s+error\s+.+\s+[\w@/-]+$"),
    (72, Build, r"^(\w+(::|\.))*(SyntaxError|IndentationError|TabError)(: |$)"),
    (72, Build, r"^(Parse|Syntax) error\b|: syntax error\b|\bsyntax error near unexpected token\b"),
    // What is not there.
    (
        70,
        Setup,
        r": command not found$|: not found$|No rule to make target|^\S+: \d+: \S+: not found|: cannot execute\b|Cannot find module '|^ModuleNotFoundError: |^ImportError: |: Permission denied$|could not find `Cargo\.toml`|^error: no such command",
    ),
    (69, Setup, r"^(\S+: )+.*: No such file or directory$|^FileNotFoundError: |ENOENT: no such file"),
    // Networks, which are often tried again, so that a failure that comes later counts for more.
    (
        66,
        Network,
        r"(?i)could not resolve (host|proxy)|name or service not known|temporary failure in name resolution|network is unreachable|no route to host|connection (was )?(reset|refused|aborted|closed) ?(by|\b)|connection timed out|ECONNRE(SET|FUSED)|ETIMEDOUT|EAI_AGAIN|ENOTFOUND|TLS handshake (timeout|failed)|SSL_ERROR_SYSCALL|unexpected disconnect while reading sideband|the remote end hung up|early EOF|spurious network error|failed to download|failed to connect to|Failed to fetch http|Read timed out|ReadTimeoutError|HTTPSConnectionPool|HTTP (Error )?50[0234]\b|50[234] (Bad Gateway|Service Unavailable|Gateway Time-?out)|^curl: \((5|6|7|18|28|35|52|56|92)\)",
    ),
    // Exceptions and assertions.
    (
        64,
        Exception,
        r"^(?P<test>)(\[[\w-]+\] )?(\w+\.)*[A-Z]\w*(Error|Exception|Interrupt|Failure|Timeout|Fault)\b(: .*| \[\w+\]: .*)?$",
    ),
    (
        63,
        Exception,
        r"^Exception in thread |^Caused by: |^Unhandled exception|^Uncaught |terminate called after throwing|^\s*(throw new |raise )",
    ),
    (63, Exception, r"(?i)\bassertion( `.*'| .*)? fail(ed|ure)|^Assertion failed|: Assertion `|panic: |^E {3}\S"),
    (62, Exception, r"\bpanicked at\b"),
    (
        60,
        Timeout,
        r"(?i)\b(timed out|timeout (expired|exceeded|reached)|timed-out|time limit exceeded)\b|\bTimeoutExpired\b|killed by timeout",
    ),
    // Whatever calls itself an error.
    (52, Error, r"^fatal: |^FATAL\b|\bFATAL( ERROR)?[: ]|^CRITICAL\b|\bCRITICAL( -|:)"),
    (
        50,
        Error,
        r"^(npm )?(error|ERROR|Error|ERR!)( -|:|!)? \S.*|^\S+: (fatal )?error: |\bERROR( -|:| \|)|\] ERROR\b|^\[ERROR\] |^E: |^BUILD FAILED|^FAILURE: ",
    ),
    (40, Error, r"\b(fatal )?error(\[\w+\])?: "),
    (30, Error, r"^(g?make|mingw32-make)(\[\d+\])?: \*\*\* |^ninja: build stopped|^FAILED: |^\*\*\* .*(error|failed)"),
    (
        20,
        Error,
        r"^\d+ (tests?|errors?) (failed|generated)|^test result: FAILED|^FAILED \((failures|errors)|^Tests:.* failed|^=+ .*\bfailed\b.* =+$",
    ),
    (10, Error, r"^\[taskcluster:error\] "),
    (9, Error, r"(?i)^\[taskcluster[^\]]*\].*(unsuccessful|result: failed)"),
];

/// No line without one of these is a failure. They are few and short, so that a whole log is searched for all of them at
/// once and fast.
const TRIGGERS: &[&str] = &[
    "rror",
    "ERR",
    "FAIL",
    "ailed",
    "ailure",
    "atal",
    "FATAL",
    "CRIT",
    "UNEXPECTED",
    "CRASH",
    "Traceback",
    "xception",
    "XCEPTION",
    "panic",
    "ssertion",
    "not ok",
    "***",
    "[taskcluster",
    "Killed",
    "emory",
    "bad_alloc",
    "space left",
    "enough",
    "quota",
    "imed",
    "imeout",
    "onnection",
    "ECONN",
    "ETIME",
    "EAI_",
    "ENO",
    "esolve",
    "nterrupt",
    "not known",
    "unreachable",
    "No r",
    "handshake",
    "disconnect",
    "remote end",
    "early EOF",
    "Sanitizer",
    "ation fault",
    "Fault",
    "Illegal",
    "dumped",
    "SIG",
    "undefined ref",
    "multiple def",
    "not found",
    "Cannot ",
    "cannot ex",
    "denied",
    "could not",
    "No such",
    "✖",
    "✗",
    "✕",
    "✘",
    "● ",
    "E   ",
    "throw",
    "Uncaught",
    "Unhandled",
    "curl: (",
    "Gateway",
    "Service Un",
    "SSL_",
    "LNK",
    "oom-kill",
    "E: ",
];

/// Lines that hold such words and tell of no failure.
const HARMLESS: &[&str] = &[
    r"^(TEST|SUITE)-(PASS|OK|START|END|INFO|SKIP|KNOWN-FAIL|EXPECTED)|^PASS\b|\bTEST-(PASS|OK|START|INFO|KNOWN-FAIL|SKIPPED)\b",
    r"\.\.\. ok$|\.\.\. ignored|^ok \d+|\bPASSED\b|^\s*(✓|✔|√) ",
    r"^not ok \d+ .*# (TODO|SKIP)",
    r"(?i)^(\S+:)*(\d+:)*\s*(warning|note|help|info|debug|hint|notice|trace)\b",
    r"(?i)\b(warning|warn|info|debug|notice)( -|:|\]) ",
    r"(?i)\b(0|no|zero|without) (errors?|failures?|failed|tests? failed|exceptions?)\b|\b(errors?|failures?|failed|failing|fails?): *0\b|error\(s\): 0|, 0 failed",
    r"(?i)\b(re-?try(ing)?|will try again|trying again|attempt \d+ of|attempt \d+/)\b",
    r"(?i)^(compiling|checking|downloading|downloaded|installing|building|linking|collecting|requirement already|unpacking|setting up|get:\d+|\[ *\d+%\]|\[\d+/\d+\]) ",
    r"^\s*(CC|CXX|LD|AR|rm|cp|mv|install|ln|mkdir|echo|cd|export|set|\+{1,3}|\$|gcc|g\+\+|cc|c\+\+|clang|clang\+\+|rustc|javac|ar|ld|cmake) ",
    r"(?i)\bexpected[- ]fail|\bxfail(ed)?\b|known fail|allowed to fail|ignor(ed|ing)\b.*\berrors?\b|\berrors? (was |were )?ignored|^\s*(\*|//|#include|#define|/\*)",
    r"^diff |^[+-]{3} |^@@ |^index [0-9a-f]+\.\.",
];

/// What all logs are searched for.
pub(crate) struct Patterns {
    triggers: Triggers,
    harmless: RegexSet,
    set: RegexSet,
    rows: Vec<CompiledRow>,
}

/// How lines are found that are worth a look.
enum Triggers {
    /// Many bytes at a time, where the processor can do that; more than twice as fast as the automaton.
    Packed(packed::Searcher),
    Automaton(AhoCorasick),
    /// A line of the user's own may hold none of the triggers: every line is looked at.
    EveryLine,
}

impl Triggers {
    fn new(has_own: bool) -> Result<Self, regex::Error> {
        if has_own {
            return Ok(Self::EveryLine);
        }
        // The library's limits are those of sets for which this is always worth it; here it was measured.
        let packed = packed::Config::new().heuristic_pattern_limits(false).builder().extend(TRIGGERS).build();
        match packed {
            Some(packed) => Ok(Self::Packed(packed)),
            None => {
                let automaton = AhoCorasick::new(TRIGGERS).map_err(|fault| regex::Error::Syntax(fault.to_string()))?;
                Ok(Self::Automaton(automaton))
            }
        }
    }
}

struct CompiledRow {
    rank: u8,
    kind: FailureKind,
    /// Only for rows that name a test.
    regex: Option<Regex>,
}

/// What a pattern says of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Judgement {
    pub rank: u8,
    pub kind: FailureKind,
    pub test: Option<String>,
}

/// A pattern of the user's own: lines that match are failures of this kind, and tell more than any other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OwnPattern {
    /// What kind of failure it is.
    pub kind: FailureKind,
    /// A regular expression.
    pub regex: String,
}

/// The rank of the user's own patterns.
const OWN_RANK: u8 = 99;

impl Patterns {
    /// The table, preceded by patterns of the user's own.
    ///
    /// # Errors
    /// When one of these is not a regular expression.
    pub(crate) fn new(own: &[OwnPattern]) -> Result<Self, regex::Error> {
        let mine = own.iter().map(|own| (OWN_RANK, own.kind, own.regex.as_str()));
        let all: Vec<(u8, FailureKind, &str)> = mine.chain(ROWS.iter().copied()).collect();
        let rows = all.iter().map(|(rank, kind, regex)| {
            let regex = if regex.contains("(?P<test>") { Some(Regex::new(regex)?) } else { None };
            Ok(CompiledRow { rank: *rank, kind: *kind, regex })
        });
        Ok(Self {
            triggers: Triggers::new(!own.is_empty())?,
            harmless: RegexSet::new(HARMLESS)?,
            set: RegexSet::new(all.iter().map(|(_, _, regex)| *regex))?,
            rows: rows.collect::<Result<_, regex::Error>>()?,
        })
    }

    /// Where the next byte is whose line is worth a look.
    pub(super) fn next_trigger(&self, text: &[u8]) -> Option<usize> {
        match &self.triggers {
            Triggers::Packed(packed) => packed.find(text).map(|found| found.start()),
            Triggers::Automaton(automaton) => automaton.find(text).map(|found| found.start()),
            Triggers::EveryLine => (!text.is_empty()).then_some(0),
        }
    }

    /// What a line is that was cleaned; none for one that tells of no failure.
    pub(super) fn judge(&self, line: &str) -> Option<Judgement> {
        let found = self.set.matches(line);
        let row = found.iter().filter_map(|index| self.rows.get(index)).max_by_key(|row| row.rank)?;
        if row.rank < OWN_RANK && self.harmless.is_match(line) {
            return None;
        }
        let test = row.regex.as_ref().and_then(|regex| {
            let named = regex.captures(line)?.name("test")?.as_str().trim().to_owned();
            (!named.is_empty()).then_some(named)
        });
        Some(Judgement { rank: row.rank, kind: row.kind, test })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles_and_the_telling_ones_stand_first() {
        assert!(Patterns::new(&[]).is_ok());
        assert!(ROWS.is_sorted_by(|one, other| one.0 >= other.0));
    }

    #[test]
    fn both_ways_find_the_same_triggers() {
        let automaton = AhoCorasick::new(TRIGGERS).unwrap();
        let patterns = Patterns::new(&[]).unwrap();
        for (index, trigger) in TRIGGERS.iter().enumerate() {
            let text = format!("{}{trigger} and more", "some of the log\n".repeat(index));
            let expected = automaton.find(&text).map(|found| found.start());
            assert!(expected.is_some());
            assert_eq!(patterns.next_trigger(text.as_bytes()), expected, "{trigger}");
        }
        assert_eq!(patterns.next_trigger(&b"all is well\n".repeat(1000)), None);
    }

    #[test]
    fn patterns_of_ones_own_come_before_all_others() {
        let own = [OwnPattern { kind: Worker, regex: "^flux capacitor".into() }];
        let patterns = Patterns::new(&own).unwrap();
        assert_eq!(patterns.judge("flux capacitor: 0 errors").unwrap().kind, Worker);
        let broken = [OwnPattern { kind: Worker, regex: "(".into() }];
        assert!(Patterns::new(&broken).is_err());
    }
}

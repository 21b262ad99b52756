//! The lines that toolchains, harnesses and workers print when something fails, as a table.
//!
//! Only lines with a trigger word (`triggers.rs`) are matched. A line that [`HARMLESS`] matches is no failure. Of the patterns
//! that match, the first one in the table decides, so the more telling ones stand first.

use super::FailureKind::{self, Build, Crash, Disk, Error, Exception, Memory, Network, Setup, Test, Timeout, Worker};

/// A pattern: the rank of what it matches, what kind of failure that is, and the regular expression, which sees a line
/// without colours and time stamps. A group called `test` holds the name of a test.
pub(super) type Row = (u8, FailureKind, &'static str);

/// Lines of higher rank tell more: of two lines the one with the higher rank is the failure, and of several of one rank
/// the first.
pub(super) const ROWS: &[Row] = &[
    // What the machine ran out of makes all else fail.
    (95, Disk, r"[Nn]o space left on device|[Dd]isk quota exceeded|ENOSPC|[Nn]ot enough (free )?(disk )?space"),
    (
        94,
        Memory,
        r"JavaScript heap out of memory|java\.lang\.OutOfMemoryError|Out of memory: Killed process|oom-kill|\bstd::bad_alloc\b|^MemoryError\b|virtual memory exhausted|Cannot allocate memory|cc1plus: out of memory|signal: 9, SIGKILL",
    ),
    // What workers say themselves.
    (
        92,
        Timeout,
        r"^\[taskcluster[^\]]*\].*(?i:task timeout|max(imum)? ?run ?time|timed out after|timeout after \d+ seconds)",
    ),
    (
        91,
        Worker,
        r"^\[taskcluster:error\] (\[mounts\]|Pulling docker image|Task was aborted|Worker|Artifact .* missing|Failure to (get|create)|Error loading|.*(docker|image|sidecar|volume|mount|cache|livelog|device))",
    ),
    (
        90,
        Worker,
        r"^\[taskcluster[^\]]*\].*(?i:payload (is )?(in|not )valid|malformed payload|validation of payload|does not (satisfy|match) (the )?schema|spot instance|preempted|shut ?down)",
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
        r"\bundefined reference to\b|\bld: symbol\(s\) not found|ld(\.\w+)?: error: |LNK[12]\d{3}:|multiple definition of ",
    ),
    (73, Build, r"^CMake Error\b"),
    (73, Build, r"^\s*\d+:\d+\s+error\s+.+\s+[\w@/-]+$"),
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
        r"[Cc]ould not resolve (host|proxy)|[Nn]ame or service not known|[Tt]emporary failure in name resolution|[Nn]etwork is unreachable|[Nn]o route to host|[Cc]onnection (was )?(reset|refused|aborted|closed) ?(by|\b)|[Cc]onnection timed out|ECONNRE(SET|FUSED)|ETIMEDOUT|EAI_AGAIN|ENOTFOUND|TLS handshake (timeout|failed)|SSL_ERROR_SYSCALL|unexpected disconnect while reading sideband|the remote end hung up|early EOF|spurious network error|[Ff]ailed to (download|connect to)|[Ff]ailed to fetch http|[Rr]ead timed out|ReadTimeoutError|HTTPSConnectionPool|HTTP (Error )?50[0234]\b|50[234] (Bad Gateway|Service Unavailable|Gateway Time-?out)|^curl: \((5|6|7|18|28|35|52|56|92)\)",
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
        r"^Exception in thread |^Caused by: |^Unhandled exception|^Uncaught |terminate called after throwing|^\s*throw new ",
    ),
    (63, Exception, r"\b[Aa]ssertion( `.*'| .*)? fail(ed|ure)|^Assertion failed|: Assertion `|panic: |^E {3}\S"),
    (62, Exception, r"\bpanicked at\b"),
    (
        60,
        Timeout,
        r"\b([Tt]imed[ -]out|[Tt]imeout (expired|exceeded|reached)|[Tt]ime limit exceeded)\b|\bTimeoutExpired\b|killed by timeout",
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
        r"^\d+ (tests? failed|errors? (failed|generated))|^test result: FAILED|^FAILED \((failures|errors)|^Tests:.* failed|^=+ .*\bfailed\b.* =+$",
    ),
    (10, Error, r"^\[taskcluster:error\] "),
    (9, Error, r"^\[taskcluster[^\]]*\].*(?i:unsuccessful|result: failed)"),
];

/// Lines that hold such words and tell of no failure.
pub(super) const HARMLESS: &[&str] = &[
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

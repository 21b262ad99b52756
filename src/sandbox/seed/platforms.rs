//! The platforms and suites of a Firefox push, in rough proportion. Made up, but in the field's own shape.

/// A platform that is built, with the pools that build it and test it.
pub(super) struct Platform {
    /// `linux64`
    pub build: &'static str,
    /// `linux2204-64`: how its tests call it.
    pub test: &'static str,
    /// `linux`, `macosx`, `windows`: the `os` tag.
    pub os: &'static str,
    /// Build types: `opt`, `debug`.
    pub types: &'static [&'static str],
    /// Worker type that builds, in the builders' provisioner.
    pub builder: &'static str,
    /// Worker type that tests, in the testers' provisioner.
    pub tester: &'static str,
}

pub(super) static PLATFORMS: &[Platform] = &[
    Platform {
        build: "linux64",
        test: "linux2204-64",
        os: "linux",
        types: &["opt", "debug"],
        builder: "b-linux-gcp",
        tester: "t-linux-kvm-gcp",
    },
    Platform {
        build: "linux64-asan",
        test: "linux2204-64-asan",
        os: "linux",
        types: &["opt"],
        builder: "b-linux-gcp",
        tester: "t-linux-kvm-gcp",
    },
    Platform {
        build: "linux64-tsan",
        test: "linux2204-64-tsan",
        os: "linux",
        types: &["opt"],
        builder: "b-linux-xlarge-gcp",
        tester: "t-linux-kvm-gcp",
    },
    Platform {
        build: "macosx64",
        test: "macosx1015-64",
        os: "macosx",
        types: &["opt", "debug"],
        builder: "b-osx-arm64",
        tester: "t-osx-1015-r8",
    },
    Platform {
        build: "macosx64-aarch64",
        test: "macosx1470-aarch64",
        os: "macosx",
        types: &["opt"],
        builder: "b-osx-arm64",
        tester: "t-osx-1400-m2",
    },
    Platform {
        build: "win64",
        test: "windows11-64-24h2",
        os: "windows",
        types: &["opt", "debug"],
        builder: "b-win2022",
        tester: "win11-64-24h2",
    },
    Platform {
        build: "win32",
        test: "windows11-32-24h2",
        os: "windows",
        types: &["opt", "debug"],
        builder: "b-win2022",
        tester: "win11-64-24h2",
    },
    Platform {
        build: "win64-aarch64",
        test: "windows11-a64-24h2",
        os: "windows",
        types: &["opt"],
        builder: "b-win2022",
        tester: "win11-a64-24h2",
    },
    Platform {
        build: "android-aarch64",
        test: "android-hw-a55-14-0-aarch64",
        os: "linux",
        types: &["opt", "debug"],
        builder: "b-linux-gcp",
        tester: "t-bitbar-gw-unit-a55",
    },
    Platform {
        build: "android-arm",
        test: "android-em-14-x86_64",
        os: "linux",
        types: &["opt"],
        builder: "b-linux-gcp",
        tester: "t-linux-kvm-gcp",
    },
];

/// A test suite and how many chunks of it a push runs for each one of another.
pub(super) struct Suite {
    /// `mochitest-browser-chrome`
    pub name: &'static str,
    /// Its share of the chunks.
    pub weight: u32,
    /// Typical run time, in seconds.
    pub seconds: u32,
}

pub(super) static SUITES: &[Suite] = &[
    Suite { name: "web-platform-tests", weight: 22, seconds: 1700 },
    Suite { name: "mochitest-browser-chrome", weight: 18, seconds: 1500 },
    Suite { name: "mochitest-plain", weight: 14, seconds: 1200 },
    Suite { name: "mochitest-devtools-chrome", weight: 10, seconds: 1600 },
    Suite { name: "xpcshell", weight: 9, seconds: 900 },
    Suite { name: "reftest", weight: 8, seconds: 1100 },
    Suite { name: "mochitest-media", weight: 4, seconds: 800 },
    Suite { name: "crashtest", weight: 3, seconds: 600 },
    Suite { name: "jsreftest", weight: 3, seconds: 900 },
    Suite { name: "marionette", weight: 2, seconds: 700 },
    Suite { name: "talos-other", weight: 2, seconds: 800 },
    Suite { name: "gtest", weight: 1, seconds: 500 },
    Suite { name: "telemetry-tests-client", weight: 1, seconds: 400 },
    Suite { name: "firefox-ui-functional", weight: 1, seconds: 500 },
];

/// Toolchains that builds wait for.
pub(super) static TOOLCHAINS: &[&str] = &[
    "linux64-clang-trunk",
    "linux64-rust-1.95",
    "linux64-node-22",
    "linux64-cbindgen",
    "linux64-sccache",
    "linux64-nasm",
    "macosx64-sdk",
    "win64-vs",
    "android-sdk-linux",
    "android-ndk-linux",
    "linux64-binutils",
    "linux64-dump-syms",
    "linux64-minidump-stackwalk",
    "linux64-wine",
    "sysroot-x86_64-linux-gnu",
];

/// Checks of the source, which wait for nothing but the decision.
pub(super) static SOURCE_TESTS: &[&str] = &[
    "mozlint-eslint",
    "mozlint-clippy",
    "mozlint-mypy",
    "mozlint-rustfmt",
    "mozlint-clang-format",
    "python-mozbuild",
    "python-mach",
    "doc-generate",
    "node-newtab-unit-tests",
    "mozlint-yaml",
    "mozlint-license",
    "taskgraph-diff",
];

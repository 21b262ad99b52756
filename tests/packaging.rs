//! What a package of the program holds: `cargo deb` is told in Cargo.toml, `scripts/release` by itself.

use std::path::{Path, PathBuf};

/// Files of iproute2 on Debian, whose `tc` is another one.
const IPROUTE2: [&str; 5] = [
    "sbin/tc",
    "usr/sbin/tc",
    "usr/share/bash-completion/completions/tc",
    "usr/share/man/man7/tc-hfsc.7",
    "usr/share/man/man8/tc.8",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files of the Debian package: where they are from, and where they go.
fn debian_files() -> Vec<(PathBuf, String)> {
    let manifest: toml::Table = std::fs::read_to_string(root().join("Cargo.toml")).unwrap().parse().unwrap();
    let assets = manifest["package"]["metadata"]["deb"]["assets"].as_array().unwrap().clone();
    let mut files = Vec::new();
    for asset in &assets {
        let parts: Vec<&str> = asset.as_array().unwrap().iter().map(|part| part.as_str().unwrap()).collect();
        let [from, to, mode] = parts.as_slice() else { panic!("{asset:?}") };
        assert!(["644", "755"].contains(mode), "{asset:?}");
        let found: Vec<PathBuf> = if *from == "target/release/tc" {
            vec![root().join(from)]
        } else {
            glob::glob(root().join(from).to_str().unwrap()).unwrap().map(Result::unwrap).collect()
        };
        assert!(!found.is_empty(), "{from} names no file");
        for file in found {
            let to = if to.ends_with('/') {
                format!("{to}{}", file.file_name().unwrap().to_str().unwrap())
            } else {
                (*to).to_owned()
            };
            files.push((file, to));
        }
    }
    files
}

#[test]
fn the_debian_package_has_program_pages_completions_and_documents_and_no_file_of_iproute2() {
    let files = debian_files();
    let goes_to = |path: &str| files.iter().any(|(_, to)| to == path);
    for path in [
        "usr/bin/tc",
        "usr/share/man/man1/tc-task-status.1",
        "usr/share/man/man5/tc-config.5",
        "usr/share/man/man7/tc-exit-codes.7",
        "etc/bash_completion.d/taskcluster-tc",
        "usr/share/zsh/vendor-completions/_tc",
        "usr/share/fish/vendor_completions.d/tc.fish",
        "usr/share/doc/taskcluster-tc/README.md",
        "usr/share/doc/taskcluster-tc/docs/library.md",
        "usr/share/doc/taskcluster-tc/docs/pictures/group-watch.svg",
    ] {
        assert!(goes_to(path), "{path}");
    }
    for path in IPROUTE2 {
        assert!(!goes_to(path) && !goes_to(&format!("{path}.gz")), "{path}");
    }
    let mut targets: Vec<&str> = files.iter().map(|(_, to)| to.as_str()).collect();
    targets.sort_unstable();
    let count = targets.len();
    targets.dedup();
    assert_eq!(targets.len(), count, "two files go to one place");
}

/// All links of the README lead to files that are in the package.
#[test]
fn what_the_readme_links_to_is_in_the_debian_package() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let link = regex::Regex::new(r"\]\(([^)\s#]+)").unwrap();
    let files = debian_files();
    let mut checked = 0;
    for target in link.captures_iter(&readme).map(|found| found[1].to_owned()) {
        // The licence of a package is its copyright file.
        if target.contains("://") || target == "LICENSE" {
            continue;
        }
        assert!(files.iter().any(|(_, to)| *to == format!("usr/share/doc/taskcluster-tc/{target}")), "{target}");
        checked += 1;
    }
    assert!(checked > 10, "{checked}");
}

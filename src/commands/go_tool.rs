//! Every command and flag of the Go tool is one here, and stands in docs/differences.md.

use std::path::Path;

/// The commands of the Go tool, with their flags as its help has them (without `-h` and `-v`, which all have).
const COMMANDS: [(&str, &str); 40] = [
    ("api", "-o --output"),
    ("completion bash", "--no-descriptions"),
    ("completion fish", "--no-descriptions"),
    ("completion powershell", "--no-descriptions"),
    ("completion zsh", "--no-descriptions"),
    ("completions bash", ""),
    ("completions fish", ""),
    ("completions powershell", ""),
    ("completions zsh", ""),
    ("config", "-f --format -o --output"),
    ("config get", "-f --format -o --output"),
    ("config help", ""),
    ("config reset", "-a --all"),
    ("config set", "-d --dry-run"),
    ("d2g", "-f --file -t --task-def"),
    ("download artifact", ""),
    ("download object", ""),
    ("from-now", ""),
    ("group cancel", "-f --force -w --worker-type"),
    (
        "group list",
        "-a --all -c --completed -e --exception -f --failed -p --pending -r --running -u --unscheduled --format-string",
    ),
    ("group status", ""),
    ("help", ""),
    ("signin", "--check --csh --expires -n --name -p --port -s --scope"),
    ("slugid decode", ""),
    ("slugid encode", ""),
    ("slugid generate", "-n --nice"),
    ("task artifacts", "-r --run"),
    ("task cancel", "-c --confirm -n --noop"),
    ("task complete", "-c --confirm -n --noop"),
    ("task def", ""),
    ("task group", ""),
    ("task log", ""),
    ("task name", ""),
    ("task rerun", "-c --confirm -f --force -n --noop"),
    ("task retrigger", "-e --exact"),
    ("task run", "--dependency --description -e --env --name --owner --provisioner --retries --source --worker-type"),
    ("task status", "-a --all-runs -r --run"),
    ("update", ""),
    ("validate-json", ""),
    ("version", "-s --short-version"),
];

/// Whether a command has a flag, under its name or another one.
fn has(command: &clap::Command, flag: &str) -> bool {
    command.get_arguments().any(|arg| match flag.strip_prefix("--") {
        Some(long) => {
            arg.get_long() == Some(long) || arg.get_all_aliases().is_some_and(|aliases| aliases.contains(&long))
        }
        None => {
            let short = flag.chars().nth(1);
            arg.get_short() == short
                || arg.get_all_short_aliases().is_some_and(|aliases| aliases.into_iter().any(|one| Some(one) == short))
        }
    })
}

#[test]
fn each_command_and_flag_is_one_here_and_stands_in_the_differences() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/differences.md");
    let page = std::fs::read_to_string(page).unwrap();
    let table = page.split_once("\n## Every command and flag\n").unwrap().1;
    let rows: Vec<Vec<&str>> = table
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
        .collect();
    assert_eq!(rows.len(), COMMANDS.len());
    let mut tree = super::adjust_for_go_tool(super::tree());
    tree.build();
    for ((path, flags), row) in COMMANDS.into_iter().zip(rows) {
        let mut command = &tree;
        for word in path.split(' ') {
            // Shells are values.
            let Some(next) = command.find_subcommand(word) else {
                assert!(path.starts_with("completion"), "there is no {path}");
                continue;
            };
            command = next;
        }
        for flag in ["-h", "--help", "-v", "--verbose"].into_iter().chain(flags.split_whitespace()) {
            assert!(has(command, flag), "{path} {flag}");
        }
        let line = row[0].trim_matches('`');
        let rest = line.strip_prefix(path).unwrap_or_else(|| panic!("{line} stands where {path} should"));
        assert!(rest.chars().all(|c| !c.is_ascii_lowercase()), "{line}: {path}");
        let told: Vec<&str> = row[1].split('`').filter(|part| part.starts_with('-')).collect();
        assert_eq!(told, flags.split_whitespace().collect::<Vec<_>>(), "{path}");
    }
}

//! `tc man`

use std::io::{self, Write as _};
use std::path::PathBuf;

use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::examples;
use super::topics::{TOPICS, Topic};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::exit::Status;

/// Print the manual page, or write all pages to a directory
///
/// There is one page for tc, one for each command and verb, and one for each topic of `tc help`. They carry no date,
/// so the same version of tc always makes the same bytes. On a terminal `man` lays out the page.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Write all pages to this directory instead
    #[arg(short, long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    output: Option<PathBuf>,
    /// Words of the command whose page to print, or a topic: exit-codes, environment, config
    #[arg(value_name = "COMMAND|TOPIC", conflicts_with = "output")]
    words: Vec<String>,
}

/// Prints or writes.
///
/// # Errors
/// When there is no such command, or the pages cannot be written.
pub(crate) async fn run(args: &Args, context: &Context, tree: &clap::Command) -> Result<Status> {
    if let Some(directory) = &args.output {
        let directory = context.env.resolve(directory);
        std::fs::create_dir_all(&directory).map_err(|source| Error::io("create", directory.display(), source))?;
        for (name, page) in pages(tree)? {
            let path = directory.join(name);
            std::fs::write(&path, page).map_err(|source| Error::io("write", path.display(), source))?;
        }
        return Ok(Status::DONE);
    }
    let stem = std::iter::once("tc").chain(args.words.iter().map(String::as_str)).collect::<Vec<_>>().join("-");
    // A command comes before the topic of its name, whose page has another section.
    let (name, page) = pages(tree)?
        .into_iter()
        .find(|(name, _)| name.rsplit_once('.').is_some_and(|(found, _)| found == stem))
        .ok_or_else(|| {
            Error::usage(format!("unknown command `{}`", args.words.join(" "))).hint("`tc --help` lists all commands.")
        })?;
    let page = match context.ui.stdout_columns() {
        Some(columns) => laid_out(&name, &page, columns, context).await?.unwrap_or(page),
        None => page,
    };
    context.ui.out().write_all(&page)?;
    Ok(Status::DONE)
}

/// A page as `man` lays it out for a terminal of so many columns; none when there is no such program. It would bring a
/// pager of its own, and all that is long goes through the one of `tc`.
async fn laid_out(name: &str, page: &[u8], columns: usize, context: &Context) -> Result<Option<Vec<u8>>> {
    let cannot = |source: io::Error| Error::failed("cannot make a file for `man`").caused_by(source);
    let directory = tempfile::tempdir().map_err(cannot)?;
    // A name with a slash is a file to `man` on all systems.
    let file = directory.path().join(name);
    std::fs::write(&file, page).map_err(cannot)?;
    let ended = tokio::process::Command::new("man")
        .arg(&file)
        .current_dir(&context.env.directory)
        .env_clear()
        .envs(context.env.variables())
        .env("MANPAGER", "cat")
        .env("MANWIDTH", columns.to_string())
        // Bold and underlined words stay so, although it prints into a pipe.
        .env("MAN_KEEP_FORMATTING", "1")
        .stdin(std::process::Stdio::null())
        .output()
        .await;
    match ended {
        Ok(output) if output.status.success() => Ok(Some(output.stdout)),
        Ok(output) => {
            context.ui.write_stderr(&output.stderr);
            let status = output.status;
            Err(Error::failed(format!("`man` ended with {status}")).hint("Print the page: `tc man .. | cat`."))
        }
        Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::failed("cannot run `man`").caused_by(source)),
    }
}

/// All pages with their file names.
fn pages(tree: &clap::Command) -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut pages = Vec::new();
    collect(tree, None, &mut pages)?;
    for topic in &TOPICS {
        pages.push((format!("tc-{}.{}", topic.name, topic.section), topic_page(topic)?));
    }
    Ok(pages)
}

fn collect(command: &clap::Command, parent: Option<&str>, pages: &mut Vec<(String, Vec<u8>)>) -> io::Result<()> {
    // On a page the command is called as it is typed; its file has dashes, as git's pages have.
    let line =
        parent.map_or_else(|| command.get_name().to_owned(), |parent| format!("{parent} {}", command.get_name()));
    let name = line.replace(' ', "-");
    pages.push((format!("{name}.1"), page(command, &line, parent)?));
    for subcommand in command.get_subcommands().filter(|subcommand| !subcommand.is_hide_set()) {
        collect(subcommand, Some(&line), pages)?;
    }
    Ok(())
}

fn page(command: &clap::Command, line: &str, parent: Option<&str>) -> io::Result<Vec<u8>> {
    let name = line.replace(' ', "-");
    let command = command
        .clone()
        .name(name.clone())
        .display_name(name.clone())
        .bin_name(line.to_owned())
        .disable_help_subcommand(true);
    let man = Man::new(command.clone())
        .title(name.to_uppercase())
        .source(format!("tc {}", env!("CARGO_PKG_VERSION")))
        .manual("Taskcluster");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    let mut roff = Roff::new();
    let examples = if parent.is_some() { examples::of(line, &command) } else { Vec::new() };
    if !examples.is_empty() {
        roff.control("SH", ["EXAMPLES"]);
    }
    for example in examples {
        roff.control("TP", []);
        roff.text([bold(example.line)]);
        roff.text([roman(example.meaning)]);
    }
    match parent {
        None => topics(&mut roff),
        Some(parent) => {
            roff.control("SH", ["SEE ALSO"]);
            let mut others = vec![bold("tc"), roman("(1), which has the global options, exit codes and environment")];
            if parent != "tc" {
                others.extend([roman("; "), bold(parent.replace(' ', "-")), roman("(1)")]);
            }
            roff.text(others);
        }
    }
    roff.to_writer(&mut page)?;
    Ok(without_repeats(&page))
}

/// Each section comes with a preamble that defines the apostrophe; once is enough.
fn without_repeats(page: &[u8]) -> Vec<u8> {
    let lines: Vec<&[u8]> = page.split_inclusive(|byte| *byte == b'\n').collect();
    let preamble = &lines[..lines.len().min(2)];
    let rest = lines.iter().skip(preamble.len()).filter(|line| !preamble.contains(line));
    preamble.iter().chain(rest).flat_map(|line| line.iter().copied()).collect()
}

/// Topics that the page of tc has in full; the others have only pages of their own.
const IN_MAIN_PAGE: [&str; 3] = ["exit-codes", "environment", "jq"];

fn topics(roff: &mut Roff) {
    for topic in TOPICS.iter().filter(|topic| IN_MAIN_PAGE.contains(&topic.name)) {
        roff.control("SH", [topic.name.replace('-', " ").to_uppercase().as_str()]);
        explained(roff, topic);
    }
    roff.control("SH", ["SEE ALSO"]);
    let mut others = Vec::new();
    for topic in &TOPICS {
        let separator = if others.is_empty() { "" } else { ", " };
        others.extend([roman(separator), bold(format!("tc-{}", topic.name)), roman(format!("({})", topic.section))]);
    }
    roff.text(others);
}

fn explained(roff: &mut Roff, topic: &Topic) {
    roff.text([roman(topic.introduction)]);
    for (term, meaning) in (topic.entries)() {
        roff.control("TP", ["16"]);
        roff.text([bold(term)]);
        roff.text([roman(meaning)]);
    }
}

/// The page of a topic, made from what `tc help` prints of it.
fn topic_page(topic: &Topic) -> io::Result<Vec<u8>> {
    let name = format!("tc-{}", topic.name);
    let source = format!("tc {}", env!("CARGO_PKG_VERSION"));
    let title = name.to_uppercase();
    let mut roff = Roff::new();
    roff.control("TH", [title.as_str(), topic.section, "", source.as_str(), "Taskcluster"]);
    roff.control("SH", ["NAME"]);
    roff.text([roman(format!("{name} - {}", topic.about))]);
    roff.control("SH", ["DESCRIPTION"]);
    explained(&mut roff, topic);
    roff.control("SH", ["SEE ALSO"]);
    roff.text([bold("tc"), roman("(1)")]);
    let mut page = Vec::new();
    roff.to_writer(&mut page)?;
    Ok(page)
}

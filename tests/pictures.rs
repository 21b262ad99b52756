//! The pictures of the README: what a terminal shows, drawn as SVG. `scripts/pictures` makes them anew.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use vt100::{Color, Screen};

use crate::support::pty::{Terminal, contents};

/// A push of Firefox, as in the tour of the README.
const SEED: [&str; 5] = ["sandbox", "--seed", "firefox:300:7", "--age", "150m"];
const GROUP: &str = "RfxZjnB-QpG49NdLRR6MIA";

const LINES: u16 = 24;
const COLUMNS: u16 = 100;
/// Width and height of a character, in pixels.
const CELL: (f32, f32) = (8.4, 19.0);
const MARGIN: f32 = 16.0;
/// The height of the line that shows the command.
const HEAD: f32 = 34.0;
/// The first eight colours of a terminal, on a dark ground.
const COLORS: [&str; 8] = ["#4e5660", "#ff7b72", "#5fd07a", "#e3b341", "#79b8ff", "#d2a8ff", "#56d4dd", "#d5dae1"];

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/pictures").join(name)
}

/// Spaces stay as they are, however many there are.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace(' ', "\u{a0}")
}

/// Text that begins in a column and is as wide as that many cells, whatever font there is.
fn text(column: f32, baseline: f32, cells: usize, style: &str, text: &str) -> String {
    let (x, width) = (MARGIN + column * CELL.0, cells as f32 * CELL.0);
    format!("<text x=\"{x:.1}\" y=\"{baseline:.1}\" textLength=\"{width:.1}\"{style}>{}</text>\n", escaped(text))
}

/// One line of the screen: a text for each stretch of cells that look alike.
fn row(screen: &Screen, line: u16, baseline: f32) -> String {
    let mut drawn = String::new();
    let mut column = 0;
    while column < COLUMNS {
        let style = |column: u16| screen.cell(line, column).map(|cell| (cell.fgcolor(), cell.bold()));
        let first = style(column);
        let end = (column..COLUMNS).find(|next| style(*next) != first).unwrap_or(COLUMNS);
        let cells = (column..end).map(|column| screen.cell(line, column).unwrap().contents());
        let cells: String = cells.map(|cell| if cell.is_empty() { " " } else { cell }).collect();
        let (start, shown) = (cells.len() - cells.trim_start().len(), cells.trim());
        if !shown.is_empty() {
            let (color, bold) = first.unwrap();
            let fill = match color {
                Color::Idx(index) => format!(" fill=\"{}\"", COLORS[usize::from(index % 8)]),
                _ => String::new(),
            };
            let style = if bold { format!("{fill} font-weight=\"bold\"") } else { fill };
            let at = f32::from(column) + start as f32;
            drawn += &text(at, baseline, shown.chars().count(), &style, shown);
        }
        column = end;
    }
    drawn
}

/// The screen, below the command that was typed.
fn draw(command: &str, screen: &Screen) -> String {
    let lines: Vec<String> = screen.rows(0, COLUMNS).collect();
    let used = lines.iter().rposition(|line| !line.trim().is_empty()).map_or(0, |last| last + 1);
    let (width, height) =
        (f32::from(COLUMNS).mul_add(CELL.0, 2.0 * MARGIN), (used as f32).mul_add(CELL.1, HEAD + MARGIN + 6.0));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
         height=\"{height:.0}\" font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" \
         font-size=\"14\" fill=\"#d5dae1\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#161b22\"/>\n"
    );
    let prompt = format!("$ {command}");
    svg += &text(0.0, HEAD - 8.0, prompt.chars().count(), " fill=\"#8b949e\"", &prompt);
    for line in 0..used {
        let baseline = (line as f32).mul_add(CELL.1, HEAD + CELL.1 - 4.0);
        // Nobody has a window of so many lines.
        _ = write!(svg, "{}", row(screen, u16::try_from(line).unwrap(), baseline));
    }
    svg + "</svg>\n"
}

/// The words of a picture, without the numbers: how long something takes depends on when one looks.
fn words(svg: &str) -> String {
    let text = regex::Regex::new(r"<text[^>]*>([^<]*)</text>").unwrap();
    let all: Vec<&str> = text.captures_iter(svg).map(|found| found.get(1).unwrap().as_str()).collect();
    let lengths = regex::Regex::new(r"[0-9]+ (d|h|min|s)( [0-9]+ (h|min|s))?\b").unwrap();
    lengths
        .replace_all(&all.join("\n").replace('\u{a0}', " "), "9 min")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// Keeps a picture, or has it made anew where that is asked for.
#[track_caller]
fn keep(name: &str, svg: &str) {
    let path = path(name);
    if std::env::var_os("TC_WRITE_PICTURES").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, svg).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(words(&kept), words(svg), "run scripts/pictures, which makes {} anew", path.display());
}

/// Runs a command in a sandbox with the push.
fn in_sandbox(command: &str) -> crate::support::pty::Session {
    let command = command.replacen("tc ", &format!("{} ", env!("CARGO_BIN_EXE_tc")), 1);
    let line = format!("printf '\\033[H\\033[2J'; {command}");
    Terminal::new().size(LINES, COLUMNS).run(&[&SEED[..], &["--exec", &line]].concat())
}

#[test]
fn the_picture_of_watching_a_group_is_what_a_terminal_shows() {
    let command = format!("tc group watch {GROUP}");
    let session = in_sandbox(&command);
    // The last line comes last, so the picture is whole with it; a moment later it may be drawn anew.
    let svg = std::cell::RefCell::default();
    session.wait_until("the whole view", |screen| {
        let is_whole = contents(screen).ends_with(".. and 1 more");
        if is_whole {
            svg.replace(draw(&command, screen));
        }
        is_whole
    });
    let svg = svg.into_inner();
    session.press(crate::support::pty::CTRL_C);
    session.end();
    keep("group-watch.svg", &svg);
}

#[test]
fn the_picture_of_a_timeline_is_what_the_program_draws() {
    let file = tempfile::Builder::new().suffix(".svg").tempfile().unwrap();
    let session = in_sandbox(&format!(
        "tc group timeline {GROUP} --kind decision-task,toolchain,build -o {}",
        file.path().display()
    ));
    assert_eq!(session.end().status, Some(0));
    keep("group-timeline.svg", &std::fs::read_to_string(file.path()).unwrap());
}

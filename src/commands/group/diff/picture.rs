//! Run times of two groups as a picture: each task is a point, before on one axis and after on the other. Pure.

use std::fmt::Write as _;

use chrono::TimeDelta;

use crate::diagnosis::compare::{Differences, Pair};
use crate::ui::{duration, sanitize};

const PLOT_SIZE_PX: f64 = 720.0;
const MARGIN_PX: f64 = 80.0;
const AS_USUAL: &str = "#9aa3ad";
const SLOWER: &str = "#d3423e";
const FASTER: &str = "#3fa45b";
/// Lines of the grid, in seconds.
const GRID: [i64; 12] = [1, 10, 30, 60, 120, 300, 600, 1200, 3600, 7200, 14_400, 43_200];

/// Seconds to pixels, on a logarithmic scale that is the same for both axes.
struct Scale {
    least: f64,
    most: f64,
}

impl Scale {
    fn of(pairs: &[Pair]) -> Self {
        let all = pairs.iter().filter_map(Pair::seconds).flat_map(|(before, after)| [before, after]);
        let (least, most) = all.fold((f64::MAX, 1.0_f64), |(least, most), time| (least.min(time), most.max(time)));
        let least = least.clamp(1.0, most);
        Self { least: (least * 0.8).ln(), most: (most * 1.25).ln().max((least * 0.8).ln() + 1.0) }
    }

    fn at(&self, seconds: f64) -> f64 {
        ((seconds.max(1.0).ln() - self.least) / (self.most - self.least)).clamp(0.0, 1.0)
            * (PLOT_SIZE_PX - 2.0 * MARGIN_PX)
    }

    fn x(&self, seconds: f64) -> f64 {
        MARGIN_PX + self.at(seconds)
    }

    fn y(&self, seconds: f64) -> f64 {
        PLOT_SIZE_PX - MARGIN_PX - self.at(seconds)
    }
}

/// Draws it.
pub(super) fn draw(found: &Differences, before: &str, after: &str) -> String {
    let scale = Scale::of(&found.timed);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {PLOT_SIZE_PX:.0} {PLOT_SIZE_PX:.0}\" width=\"{PLOT_SIZE_PX:.0}\" \
         height=\"{PLOT_SIZE_PX:.0}\" font-family=\"system-ui, sans-serif\" font-size=\"11\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    );
    let title = format!("Run times of {} tasks, before against after", found.timed.len());
    text(&mut svg, MARGIN_PX, 30.0, &title, " font-size=\"15\" font-weight=\"bold\"");
    let legend = format!(
        "{} slower, {} faster; noise: a factor of {:.2}",
        found.slower.len(),
        found.faster.len(),
        found.noise_factor
    );
    text(&mut svg, MARGIN_PX, 50.0, &legend, " fill=\"#666\"");
    let (low, high) = (MARGIN_PX, PLOT_SIZE_PX - MARGIN_PX);
    for seconds in GRID {
        let at = seconds as f64;
        if at.ln() < scale.least || at.ln() > scale.most {
            continue;
        }
        let (x, y) = (scale.x(at), scale.y(at));
        // Writing into a string cannot fail.
        let _ = writeln!(svg, "<path d=\"M{x:.1} {low:.0}V{high:.0}M{low:.0} {y:.1}H{high:.0}\" stroke=\"#e4e6ea\"/>");
        let when = duration(TimeDelta::seconds(seconds));
        text(&mut svg, x - 12.0, high + 16.0, &when, " fill=\"#666\"");
        text(&mut svg, 16.0, y + 4.0, &when, " fill=\"#666\"");
    }
    let _ = writeln!(
        svg,
        "<path d=\"M{low:.0} {high:.0}L{high:.0} {low:.0}\" stroke=\"#9aa3ad\" stroke-dasharray=\"4 4\"/>"
    );
    text(&mut svg, MARGIN_PX, PLOT_SIZE_PX - 24.0, &format!("before: {before}"), "");
    text(&mut svg, 16.0, MARGIN_PX - 12.0, &format!("after: {after}"), "");
    for (pairs, color) in [(&found.timed, AS_USUAL), (&found.slower, SLOWER), (&found.faster, FASTER)] {
        for pair in pairs {
            point(&mut svg, &scale, pair, color);
        }
    }
    svg.push_str("</svg>\n");
    svg
}

fn point(svg: &mut String, scale: &Scale, pair: &Pair, color: &str) {
    let Some((before, after)) = pair.seconds() else { return };
    let times = [pair.before.run_time, pair.after.run_time].map(|time| time.map(duration).unwrap_or_default());
    let tip = format!("{}: {} before, {} after", pair.after.name, times[0], times[1]);
    let (x, y) = (scale.x(before), scale.y(after));
    let _ = writeln!(
        svg,
        "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"{color}\" fill-opacity=\"0.7\"><title>{}</title></circle>",
        escape(&tip)
    );
}

fn text(svg: &mut String, x: f64, y: f64, what: &str, style: &str) {
    let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\"{style}>{}</text>", escape(what));
}

/// Text that is safe inside of XML, whatever a task is called.
fn escape(text: &str) -> String {
    quick_xml::escape::escape(&*sanitize(text)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::compare::{ComparedTask, compare};
    use crate::domain::TaskState;

    fn task(name: &str, seconds: i64) -> ComparedTask {
        let run_time = Some(TimeDelta::seconds(seconds));
        let (id, reason) = (name.to_owned(), String::new());
        ComparedTask { name: name.into(), id, state: TaskState::Completed, reason, run_time }
    }

    #[test]
    fn each_task_is_a_point_and_what_changed_is_coloured() {
        let before: Vec<ComparedTask> = (0..20).map(|number| task(&format!("<t>{number}"), 600)).collect();
        let mut after = before.clone();
        after[3].run_time = Some(TimeDelta::seconds(1800));
        let svg = draw(&compare(before, after), "A", "B");
        assert_eq!(svg.matches("<circle ").count(), 20 + 1);
        assert_eq!(svg.matches(SLOWER).count(), 1);
        assert!(svg.contains("<title>&lt;t&gt;3: 10 min 0 s before, 30 min 0 s after</title>"), "{svg}");
        assert!(!svg.contains("<t>") && svg.ends_with("</svg>\n"));
    }

    #[test]
    fn no_tasks_make_an_empty_picture() {
        let svg = draw(&compare(Vec::new(), Vec::new()), "A", "B");
        assert!(!svg.contains("<circle") && !svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }
}

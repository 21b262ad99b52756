//! The timeline as a picture that needs nothing else: SVG, alone or in a page. Pure.
//!
//! Above, the critical path with a labelled row a task; below, all tasks in the order of their
//! starts. Their rows are as high as a page's worth of pixels allows. Where that leaves no room for
//! names, the tasks of each worker pool stand together under its name. Every bar has a tooltip.

use std::fmt::Write as _;

use chrono::{DateTime, TimeDelta, Utc};
use indexmap::IndexMap;

use crate::domain::TaskState;
use crate::domain::timeline::{Span, Timeline};
use crate::ui::{duration, sanitize};

const PICTURE_WIDTH_PX: f64 = 1400.0;
const LABELS_WIDTH_PX: f64 = 420.0;
const MARGIN_PX: f64 = 16.0;
const ROW_HEIGHT_PX: f64 = 16.0;
/// Rows of all tasks share this height when there are too many for whole ones.
const PAGE_HEIGHT_PX: f64 = 3000.0;
/// A row below this height has no room for a label.
const MIN_LEGIBLE_HEIGHT_PX: f64 = 10.0;
const AXIS_HEIGHT_PX: f64 = 22.0;
/// A worker pool has room for its name, however few its tasks are.
const BAND_HEIGHT_PX: f64 = 14.0;
/// Between two worker pools.
const BAND_GAP_PX: f64 = 4.0;

const DEPENDENCY: &str = "#d5d8dd";
const QUEUE: &str = "#f0b64d";

/// Time to pixels.
struct Scale {
    start: DateTime<Utc>,
    seconds: f64,
}

impl Scale {
    fn x(&self, time: DateTime<Utc>) -> f64 {
        let since = (time - self.start).num_milliseconds() as f64 / 1000.0;
        LABELS_WIDTH_PX + (since / self.seconds).clamp(0.0, 1.0) * (PICTURE_WIDTH_PX - LABELS_WIDTH_PX - MARGIN_PX)
    }
}

/// Draws the timeline; as a web page with `is_html`.
pub(super) fn draw(timeline: &Timeline, group: &str, now: DateTime<Utc>, is_html: bool) -> String {
    let start = timeline.start.unwrap_or(now);
    let end = timeline.end.unwrap_or(now).max(start + TimeDelta::seconds(1));
    let scale = Scale { start, seconds: (end - start).num_milliseconds() as f64 / 1000.0 };
    let all = Rows::of(timeline);
    let path = timeline.critical_splits(now);
    let path_top = 2.0 * MARGIN_PX + 3.0 * ROW_HEIGHT_PX;
    let all_top = path_top + path.len() as f64 * ROW_HEIGHT_PX + 2.0 * ROW_HEIGHT_PX + AXIS_HEIGHT_PX;
    let height = all_top + all.height + MARGIN_PX;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {PICTURE_WIDTH_PX:.0} {height:.0}\" width=\"{PICTURE_WIDTH_PX:.0}\" \
         height=\"{height:.0}\" font-family=\"system-ui, sans-serif\" font-size=\"11\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    );
    let title = format!("Task group {group}: {} tasks in {}", timeline.spans.len(), duration(end - start));
    text(&mut svg, MARGIN_PX, MARGIN_PX + ROW_HEIGHT_PX, &title, "font-size=\"15\" font-weight=\"bold\"");
    legend(&mut svg, MARGIN_PX + 2.0 * ROW_HEIGHT_PX);
    text(&mut svg, MARGIN_PX, path_top, "Critical path", "font-weight=\"bold\"");
    axis(&mut svg, &scale, &[path_top, all_top - 6.0], height - MARGIN_PX);
    let mut before = None;
    for (index, (span, _)) in path.iter().enumerate() {
        let y = path_top + 6.0 + index as f64 * ROW_HEIGHT_PX;
        let from = before.map_or(span.created, |end: DateTime<Utc>| end.max(span.created));
        before = span.resolved;
        bars(&mut svg, &scale, span, from, now, y, ROW_HEIGHT_PX);
        label(&mut svg, &span.name, y + ROW_HEIGHT_PX - 4.0);
    }
    text(&mut svg, MARGIN_PX, all_top - 6.0, all.title, "font-weight=\"bold\"");
    for (y, row, span) in &all.spans {
        bars(&mut svg, &scale, span, span.created, now, all_top + y, *row);
    }
    for (y, name) in &all.labels {
        label(&mut svg, name, all_top + y);
    }
    svg.push_str("</svg>\n");
    if is_html {
        format!("<!doctype html>\n<meta charset=\"utf-8\">\n<title>{}</title>\n{svg}", escape(&title))
    } else {
        svg
    }
}

/// Where all the tasks stand, from the top of their part of the picture.
struct Rows<'a> {
    title: &'static str,
    /// Each task with where its row begins and how high it is.
    spans: Vec<(f64, f64, &'a Span)>,
    labels: Vec<(f64, String)>,
    height: f64,
}

impl<'a> Rows<'a> {
    fn of(timeline: &'a Timeline) -> Self {
        let row = (PAGE_HEIGHT_PX / timeline.spans.len().max(1) as f64).clamp(1.0, ROW_HEIGHT_PX);
        if row >= MIN_LEGIBLE_HEIGHT_PX { Self::each_named(timeline, row) } else { Self::by_pool(timeline, row) }
    }

    fn each_named(timeline: &'a Timeline, row: f64) -> Self {
        let at = |index: usize| index as f64 * row;
        let spans = timeline.spans.iter().enumerate();
        Self {
            title: "All tasks, by their start",
            spans: spans.clone().map(|(index, span)| (at(index), row, span)).collect(),
            labels: spans.map(|(index, span)| (at(index + 1) - 4.0, span.name.to_string())).collect(),
            height: at(timeline.spans.len()),
        }
    }

    /// One band a worker pool, that of the first task first.
    fn by_pool(timeline: &'a Timeline, row: f64) -> Self {
        let mut pools: IndexMap<&str, Vec<&Span>> = IndexMap::new();
        for span in &timeline.spans {
            pools.entry(&span.pool).or_default().push(span);
        }
        let (mut spans, mut labels, mut top) = (Vec::new(), Vec::new(), 0.0);
        for (pool, members) in &pools {
            let tasks = if members.len() == 1 { "task" } else { "tasks" };
            labels.push((top + BAND_HEIGHT_PX - 4.0, format!("{pool}: {} {tasks}", members.len())));
            // Few tasks share the room that the name takes anyway.
            let row = row.max(BAND_HEIGHT_PX / members.len() as f64);
            spans.extend(members.iter().enumerate().map(|(index, span)| (top + index as f64 * row, row, *span)));
            top += members.len() as f64 * row + BAND_GAP_PX;
        }
        Self { title: "All tasks, by worker pool and start", spans, labels, height: top }
    }
}

/// Waiting for others, waiting for a worker, running: one bar after the other.
fn bars(svg: &mut String, scale: &Scale, span: &Span, from: DateTime<Utc>, now: DateTime<Utc>, y: f64, row: f64) {
    let split = span.split(from, now);
    let scheduled = from + split.dependency;
    let started = scheduled + split.queue;
    let end = started + split.run;
    let tip = format!(
        "{} ({}, {}): dependency {}, queue {}, run {}",
        span.name,
        span.state,
        span.pool,
        duration(split.dependency),
        duration(split.queue),
        duration(split.run)
    );
    let gap = if row > 4.0 { 2.0 } else { 0.0 };
    svg.push_str("<g>");
    // Writing into a string cannot fail.
    let _ = write!(svg, "<title>{}</title>", escape(&tip));
    for (one, other, color) in
        [(from, scheduled, DEPENDENCY), (scheduled, started, QUEUE), (started, end, color(span.state))]
    {
        let (x, width) = (scale.x(one), scale.x(other) - scale.x(one));
        // What ran shows, however short it was.
        let least = if color == DEPENDENCY || color == QUEUE || span.started.is_none() { 0.0 } else { 1.0 };
        let width = width.max(least);
        if width > 0.0 {
            let _ = write!(
                svg,
                "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{:.1}\" fill=\"{color}\"/>",
                row - gap
            );
        }
    }
    svg.push_str("</g>\n");
}

fn color(state: TaskState) -> &'static str {
    match state {
        TaskState::Completed => "#3fa45b",
        TaskState::Failed => "#d3423e",
        TaskState::Exception => "#a04bb5",
        _ => "#4a90d9",
    }
}

/// A vertical line at round times, at most ten of them, with the times at each of `tops`.
fn axis(svg: &mut String, scale: &Scale, tops: &[f64], bottom: f64) {
    let top = tops.first().copied().unwrap_or(bottom);
    const STEPS: [i64; 14] = [1, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 43_200];
    let fits = |step: &&i64| scale.seconds / **step as f64 <= 10.0;
    let step = STEPS.iter().find(fits).copied().unwrap_or(86_400);
    let mut at = 0;
    while at as f64 <= scale.seconds && at / step <= 400 {
        let x = scale.x(scale.start + TimeDelta::seconds(at));
        let _ = writeln!(svg, "<path d=\"M{x:.1} {top:.0}V{bottom:.0}\" stroke=\"#e4e6ea\"/>");
        let when = duration(TimeDelta::seconds(at));
        for top in tops {
            text(svg, x + 2.0, top - 2.0, &when, "fill=\"#666\"");
        }
        at += step;
    }
}

fn legend(svg: &mut String, y: f64) {
    let entries = [
        (DEPENDENCY, "waits for others"),
        (QUEUE, "waits for a worker"),
        (color(TaskState::Completed), "ran, completed"),
        (color(TaskState::Failed), "failed"),
        (color(TaskState::Exception), "exception"),
        (color(TaskState::Running), "running"),
    ];
    for (index, (color, what)) in entries.into_iter().enumerate() {
        let x = MARGIN_PX + index as f64 * 130.0;
        let _ = writeln!(svg, "<rect x=\"{x:.0}\" y=\"{:.0}\" width=\"10\" height=\"10\" fill=\"{color}\"/>", y - 9.0);
        text(svg, x + 14.0, y, what, "");
    }
}

/// A name before the bars, cut to what fits there.
fn label(svg: &mut String, name: &str, y: f64) {
    const FITS: usize = 64;
    let short: String = if name.chars().count() > FITS {
        name.chars().take(FITS - 1).chain(['…']).collect()
    } else {
        name.to_owned()
    };
    text(svg, MARGIN_PX, y, &short, "");
}

fn text(svg: &mut String, x: f64, y: f64, what: &str, style: &str) {
    let space = if style.is_empty() { "" } else { " " };
    let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\"{space}{style}>{}</text>", escape(what));
}

/// Text that is safe inside of XML, whatever a task is called.
fn escape(text: &str) -> String {
    quick_xml::escape::escape(&*sanitize(text)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timeline(count: i64) -> (Timeline, DateTime<Utc>) {
        let start: DateTime<Utc> = "2026-11-22T12:00:00Z".parse().unwrap();
        let spans = (0..count).map(|number| Span {
            id: number.to_string().into(),
            name: format!("build <{number}> & \u{1b}\"x\"").into(),
            pool: "p/w".into(),
            state: TaskState::Completed,
            created: start,
            scheduled: Some(start + TimeDelta::seconds(number)),
            started: Some(start + TimeDelta::seconds(number + 10)),
            resolved: Some(start + TimeDelta::seconds(number + 60)),
            dependencies: Box::default(),
        });
        (Timeline::new(spans.collect(), start + TimeDelta::hours(2)), start + TimeDelta::hours(2))
    }

    #[test]
    fn few_tasks_have_labels_and_many_have_rows_that_fit_a_page() {
        let (few, now) = timeline(10);
        let svg = draw(&few, "g", now, false);
        assert_eq!(svg.matches("<g>").count(), 11);
        assert_eq!(svg.matches(">build &lt;").count(), 11 + 11);
        let (many, now) = timeline(3000);
        let svg = draw(&many, "g", now, false);
        assert_eq!(svg.matches("<g>").count(), 3001);
        let height: f64 = svg.split("height=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap();
        assert!(height < 3300.0, "{height}");
        assert!(svg.contains(">p/w: 3000 tasks<"), "{svg}");
    }

    #[test]
    fn many_tasks_stand_under_the_names_of_their_pools() {
        let (mut many, _) = timeline(3000);
        for (index, span) in many.spans.iter_mut().enumerate() {
            span.pool = if index == 2999 { "p/rare".into() } else { format!("p/{}", index % 2).into() };
        }
        let rows = Rows::of(&many);
        let labels: Vec<&str> = rows.labels.iter().map(|(_, label)| label.as_str()).collect();
        assert_eq!(labels, ["p/0: 1500 tasks", "p/1: 1499 tasks", "p/rare: 1 task"]);
        // No two tasks are in one place, and no two names.
        assert!(rows.spans.windows(2).all(|pair| pair[1].0 >= pair[0].0 + pair[0].1));
        assert!(rows.labels.windows(2).all(|pair| pair[1].0 >= pair[0].0 + BAND_HEIGHT_PX));
        assert_eq!((rows.spans.len(), rows.height), (3000, 1500.0 + 1499.0 + BAND_HEIGHT_PX + 3.0 * BAND_GAP_PX));
    }

    #[test]
    fn names_cannot_break_out_of_the_picture() {
        let (timeline, now) = timeline(1);
        let page = draw(&timeline, "g", now, true);
        assert!(
            page.starts_with("<!doctype html>\n<meta charset=\"utf-8\">\n<title>Task group g: 1 tasks in 1 min 0 s")
        );
        assert!(
            page.contains("build &lt;0&gt; &amp; &quot;x&quot;") && !page.contains("<0>") && !page.contains('\u{1b}')
        );
    }

    #[test]
    fn no_tasks_make_an_empty_picture() {
        let (timeline, now) = timeline(0);
        assert!(draw(&timeline, "g", now, false).ends_with("</svg>\n"));
    }
}

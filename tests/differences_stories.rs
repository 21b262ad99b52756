//! Rows of docs/differences.md that take more than a command line: each is a test of its own, run by both names.

use std::path::Path;

use crate::support::called_as;

/// A row, by words of it, and the test that shows what it says.
pub struct Story {
    pub section: &'static str,
    pub words: &'static str,
    show: Show,
}

/// How the test comes to both names.
enum Show {
    /// It names no program, and is run twice.
    TwiceOf(fn()),
    /// It runs the program by both names itself, as they do not do the same; its path, and the test.
    Once(&'static str, fn()),
}

macro_rules! twice {
    ($section:literal, $words:literal, $($test:ident)::+) => {
        Story { section: $section, words: $words, show: Show::TwiceOf(crate::$($test)::+) }
    };
}

macro_rules! once {
    ($section:literal, $words:literal, $($test:ident)::+) => {
        Story { section: $section, words: $words, show: Show::Once(stringify!($($test)::+), crate::$($test)::+) }
    };
}

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    once!("api", "`-o FILE`", differences::a_file_is_left_alone_by_a_call_that_fails),
    once!("api", "a redirect |", compatible::a_redirect_prints_its_body_by_both_names),
    twice!("api", "what is not the answer", api_redirects::a_redirect_of_a_method_that_has_none_is_an_error),
    once!("completions", "`completions SHELL`", compatible::completions_are_written_to_a_file_by_the_go_tools_name),
    once!("completions", "all completions are in the file", compatible::completions_are_written_to_a_file_by_the_go_tools_name),
    twice!("completions", "--no-descriptions", compatible::completions_leave_out_descriptions),
    once!("config", "`config -f json`", compatible::all_settings_are_printed_under_the_go_tools_names),
    twice!("config", "`config` on a terminal", compatible::all_settings_are_printed_under_the_go_tools_names),
    once!("config", "`config reset --all`", compatible::setting_and_resetting_say_what_the_go_tool_says_by_its_name),
    once!("download", "`download artifact`, `download object`", compatible::downloads_look_as_those_of_the_go_tool_by_its_name),
    once!("download", "no folder for FILE", compatible::downloads_look_as_those_of_the_go_tool_by_its_name),
    once!("download", "`download artifact TASK NAME -`", compatible::downloads_look_as_those_of_the_go_tool_by_its_name),
    once!("download", "it fails half way", compatible::a_download_that_fails_half_way_leaves_the_file_as_it_was),
    twice!("group", "escapes names for HTML", group::list_speaks_json_jq_and_templates),
    once!("group", "`group cancel -f`", group_answers::f_is_no_yes_but_for_a_program_called_as_the_go_tool),
    twice!("group", "some calls fail", group_bulk::what_fails_is_told_with_its_reason_and_written_down),
    twice!("group", "Ctrl-C half way", group_bulk::an_interrupt_waits_for_what_is_in_flight_and_says_what_is_left),
    twice!("group", "`group cancel`, many tasks", group_bulk::a_server_that_asks_for_less_gets_less_and_all_of_it_is_done_once),
    once!("group", "`group cancel -w TYPE`", compatible::of_several_worker_types_the_last_one_counts_by_the_go_tools_name),
    once!("group", "`group cancel -w ''`", compatible_options::an_empty_worker_type_chooses_nothing_by_the_go_tools_name_and_is_refused_here),
    once!("group", "-w A -w B", compatible::of_several_worker_types_the_last_one_counts_by_the_go_tools_name),
    twice!("signin", "`signin` on a terminal", signin::at_a_terminal_it_is_stored_and_found_again),
    once!("signin", "the client's name", signin::by_the_go_tools_name_lines_and_clients_are_as_there),
    once!("signin", "the order of the lines", signin::by_the_go_tools_name_lines_and_clients_are_as_there),
    twice!("signin", "the form of the lines", signin::a_certificate_of_earlier_credentials_is_removed),
    twice!("signin", "no browser", signin::a_browser_that_does_not_open_is_no_failure),
    twice!("task", "every `task` verb", task::many_tasks_are_told_apart_and_come_in_order),
    twice!("task", "`task status` of a task without runs", task::a_task_without_runs_has_a_state),
    twice!("task", "`task name`, `task log` on a terminal", task_log::a_terminal_gets_no_control_characters_unless_it_wants_them),
    twice!("task", "| `task log` |", task_log::a_private_log_is_asked_for_with_a_signature_and_storage_gets_none),
    twice!("task", "a missing log", task_log::what_cannot_be_had_is_said_before_anything_is_printed),
    twice!("task", "ends where the connection ends", task_log::a_live_log_that_is_cut_goes_on_without_losing_or_repeating_a_byte),
    twice!("task", "line ends of its own", compatible::a_log_is_printed_byte_for_byte),
    twice!("task", "| `task rerun` |", task_actions::rerun_refuses_what_still_waits_and_says_for_what),
    twice!("task", "| `--confirm` |", task_actions::a_wish_to_be_asked_is_granted_without_a_terminal),
    twice!("task", "of several tasks", task_actions::many_tasks_need_a_yes),
    twice!("task", "`task retrigger`", task_actions::a_retriggered_task_is_a_new_one_without_routes_and_dependencies),
    twice!("task", "| `task complete` |", task_actions::complete_claims_and_reports_with_the_credentials_of_the_claim),
    once!("task", "options behind IMAGE", compatible_options::options_behind_the_image_count_by_the_go_tools_name),
    twice!("task", "`task run -e ", compatible_options::a_variable_in_quotes_keeps_its_commas),
    twice!("task", "`task run --retries N`", compatible::a_number_of_retries_counts),
    twice!("validate-json", "a document with faults", definition::files_are_checked_against_schemas_of_one_s_own),
];

/// Runs the stories of a section by both names.
fn run(section: &str) {
    let stories: Vec<&Story> = STORIES.iter().filter(|story| story.section == section).collect();
    assert!(!stories.is_empty(), "{section}");
    for story in stories {
        println!("{section}: {}", story.words);
        match story.show {
            Show::TwiceOf(test) => ["tc", "taskcluster"].into_iter().for_each(|name| called_as(name, test)),
            Show::Once(path, test) => {
                assert!(names_both(path), "{path} runs the program by one name only");
                test();
            }
        }
    }
}

/// Whether the source of a test has the Go tool's name beside runs by our own.
fn names_both(path: &str) -> bool {
    let words: Vec<&str> = path.split("::").map(str::trim).collect();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/{}.rs", words[0]));
    let text = std::fs::read_to_string(file).unwrap();
    let body = text.split_once(&format!("fn {}(", words[1])).unwrap().1;
    let body = body.split_once("\n}\n").unwrap().0;
    body.contains("\"taskcluster\"")
        && (body.contains(".run(") || body.contains("\"tc\"") || body.contains("start_in("))
}

macro_rules! sections {
    ($($name:ident: $section:literal),+ $(,)?) => {
        $(#[test] fn $name() { run($section); })+

        #[test]
        fn each_section_with_stories_is_run() {
            let run = [$($section),+];
            assert!(STORIES.iter().all(|story| run.contains(&story.section)));
        }
    };
}

sections! {
    api: "api",
    completions: "completions",
    config: "config",
    download: "download",
    group: "group",
    signin: "signin",
    task: "task",
    validate_json: "validate-json",
}

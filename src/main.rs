//! The binary: real arguments, streams and environment go in, an exit status comes out.

use std::process::ExitCode;

fn main() -> ExitCode {
    tc::report_bugs();
    let environment = tc::Environment::from_process();
    let streams = tc::Streams::from_process();
    ExitCode::from(tc::run(std::env::args_os(), &environment, streams))
}

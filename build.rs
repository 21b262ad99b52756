//! Has the linker put the functions that every start runs side by side.
//!
//! A page of code that is touched is mapped with its neighbours, so a few hundred functions scattered over ten
//! megabytes cost four of them each time. `link/startup.ld` (made by `scripts/startup-order`) gathers them.

#![allow(clippy::print_stdout, reason = "this is how a build script talks to cargo")]

use std::env;

const SCRIPT: &str = "link/startup.ld";
/// Set by `scripts/startup-order`, whose tool finds functions in one section of code only.
const UNORDERED: &str = "TC_UNORDERED";

fn main() {
    println!("cargo::rerun-if-changed={SCRIPT}");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed={UNORDERED}");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    let wanted = is("CARGO_CFG_TARGET_OS", "linux") && is("PROFILE", "release") && env::var_os(UNORDERED).is_none();
    if wanted && !has_own_linker() {
        let root = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
        println!("cargo::rustc-link-arg-bins=-T");
        println!("cargo::rustc-link-arg-bins={root}/{SCRIPT}");
    }
}

/// Whether someone chose a linker: it may be one that knows no such scripts, as GNU's and LLVM's do.
fn has_own_linker() -> bool {
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    env::var_os("RUSTC_LINKER").is_some() || flags.contains("linker") || flags.contains("-fuse-ld")
}

//! Flags that every command takes.

use std::path::PathBuf;

use super::Form;
use crate::ui::ColorChoice;

/// Flags that every command takes, before or after its name.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Globals {
    /// Root URL of the deployment, or the name of a profile (firefox-ci, community, staging or your own)
    #[arg(short = 'R', long, global = true, value_name = "URL")]
    pub root_url: Option<String>,
    /// Use the settings of this profile
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<String>,
    /// Print JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// Filter JSON through a jq program
    #[arg(long, global = true, value_name = "EXPR")]
    pub jq: Option<String>,
    /// Say nothing on standard error but warnings and errors
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Log what happens to standard error
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// When to colour [default: auto]
    #[arg(long, global = true, value_name = "WHEN", value_enum)]
    pub color: Option<ColorChoice>,
    /// Send no credentials
    #[arg(long, global = true)]
    pub no_credentials: bool,
    /// Let calls use only these scopes; repeatable
    #[arg(long, global = true, value_name = "SCOPE")]
    pub authorized_scope: Vec<String>,
    /// Give up on a try, or on a download or upload as a whole, after this long: `30s`, `2m`
    #[arg(long, global = true, value_name = "TIME")]
    pub timeout: Option<String>,
    /// Retries after failures that may pass
    #[arg(long, global = true, value_name = "N")]
    pub retries: Option<u32>,
    /// File of CA certificates (PEM) to trust besides the system's
    #[arg(long, global = true, value_name = "FILE")]
    pub cacert: Option<PathBuf>,
    /// Print long output directly, without a pager
    #[arg(long, global = true)]
    pub no_pager: bool,
    /// The form that `-o` of the command asks for.
    #[arg(skip)]
    pub form: Option<Form>,
}

//! Starts the processes of a session, watches over them, and ends them in order.
//!
//! ```text
//! bring up ──all linked──> run ──stop, or all sources ended──> end ──all ended──> leave ──> closing
//!                           │ a process ends unasked: told at once, started again or given up
//! ```
//! The processes live on if `vesalius` does not: [`attach`] takes them up again.

mod closing;
mod death;
mod ears;
mod ending;
mod error;
mod failures;
mod hearing;
mod member;
mod process;
mod running;
mod start;
mod supervisor;
mod undertaking;
mod voice;
mod watcher;

pub use closing::how_to_look;
pub use death::Death;
pub use error::SuperviseError;
pub use failures::{FailureRule, Failures, Next};
pub use supervisor::Supervisor;
pub use undertaking::{Options, Undertaking};

use crate::session::Record;
use crate::table::Closing;

/// Runs a session from its start to its end.
///
/// # Errors
/// If it did not come to the start; then nothing of it is left.
pub fn run(undertaking: Undertaking, options: Options) -> Result<Closing, SuperviseError> {
    let mut supervisor = Supervisor::new(undertaking, options)?;
    supervisor.share_what_may_be_locked();
    if let Err(error) = supervisor.bring_up() {
        supervisor.call_off();
        return Err(error);
    }
    supervisor.watch_over();
    Ok(supervisor.close())
}

/// Takes up a session whose supervisor has gone; with `stop` it is ended at once.
///
/// # Errors
/// If somebody supervises it, or it was called off before its start.
pub fn attach(record: Record, options: Options, stop: bool) -> Result<Closing, SuperviseError> {
    let mut supervisor = Supervisor::take_up(record, options)?;
    if !stop {
        supervisor.share_what_may_be_locked();
    }
    if let Err(error) = supervisor.bring_up() {
        supervisor.call_off();
        return Err(error);
    }
    if stop {
        supervisor.stop("asked to stop");
    }
    supervisor.watch_over();
    Ok(supervisor.close())
}

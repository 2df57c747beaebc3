//! Worker processes: how one is started, spoken with, watched and ended (`worker`, `process`, `vitals`), and how a
//! function version's workers are shared among its invocations (`pool`, `fleet`).

mod ends;
mod environment;
mod fleet;
mod log_pipe;
mod outcome;
mod pool;
mod prints;
mod process;
mod vitals;
mod worker;

use std::{io, sync::Arc};

pub use environment::RESERVED_VARIABLES;
pub use fleet::{Fleet, Limits, Surroundings};
pub use outcome::{Ended, Job};
pub use pool::{NoWorker, Plan, Pool, Spec};
pub use vitals::Watch;

/// The thread that starts and ends processes.
pub fn keeper() -> io::Result<Arc<process::Keeper>> {
    process::Keeper::open()
}

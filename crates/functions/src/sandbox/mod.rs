//! The fence around a worker process: what it may read, write, call and use up.
//!
//! A worker reads its package, the interpreter and the system's libraries, writes its own scratch folder (which it also
//! sees as `/tmp` where the system allows that), and nothing else: not the server's data, keys or credentials, not other
//! workers, not the server's memory. It dies with the server. What the kernel cannot do is said once, at start.

mod calls;
mod enter;
mod files;
mod leftovers;

use std::{
    ffi::CString,
    io,
    os::{
        fd::{OwnedFd, RawFd},
        unix::ffi::OsStrExt,
    },
    path::{Path, PathBuf},
    sync::Arc,
};

use seccompiler::BpfProgram;

pub use enter::{Ending, ending, has_ended, kill_group, rss_page_size};
pub use files::SYSTEM_READABLE;
pub use leftovers::end_leftovers;

/// What is the same for every worker.
pub struct Sandbox {
    filters: Arc<[BpfProgram]>,
    private_tmp: bool,
}

/// What one worker is fenced by: made in the server, entered in the child between fork and exec.
pub struct Fence {
    ruleset: Option<OwnedFd>,
    filters: Arc<[BpfProgram]>,
    /// Mounted over `/tmp` in a mount namespace of the worker's own.
    tmp: Option<CString>,
    /// The one descriptor beyond 0, 1 and 2 that stays open.
    line: Option<RawFd>,
    server: u32,
    file_size_limit: u64,
}

/// What one worker may touch.
pub struct Reach<'a> {
    pub package: &'a Path,
    pub scratch: &'a Path,
    /// Interpreter, libraries, bootstrap.
    pub readable: &'a [PathBuf],
    pub line: Option<RawFd>,
    pub file_size_limit: u64,
}

impl Sandbox {
    /// Tries what the kernel offers and says what it does not.
    pub fn open(data_dir: &Path) -> Self {
        if !files::supported() {
            tracing::warn!(
                "this kernel has no Landlock: functions can read what the server's user can read; run trusted code only"
            );
        }
        let filters = calls::filters().unwrap_or_else(|cause| {
            tracing::warn!(%cause, "system calls of functions are not filtered on this machine");
            Vec::new()
        });
        // A mount over /tmp would hide a data folder that is itself in /tmp.
        let data_in_tmp = data_dir.canonicalize().is_ok_and(|path| path.starts_with("/tmp"));
        let private_tmp = !data_in_tmp && enter::can_mount(data_dir);
        if !private_tmp {
            tracing::debug!(
                "functions have no /tmp of their own here: they find their scratch folder in TMPDIR"
            );
        }
        Self { filters: filters.into(), private_tmp }
    }

    pub fn fence(&self, reach: &Reach<'_>) -> io::Result<Fence> {
        let tmp = self.private_tmp.then(|| CString::new(reach.scratch.as_os_str().as_bytes())).transpose()?;
        Ok(Fence {
            ruleset: files::ruleset(reach)?,
            filters: Arc::clone(&self.filters),
            tmp,
            line: reach.line,
            server: std::process::id(),
            file_size_limit: reach.file_size_limit,
        })
    }

    /// Whether workers see their scratch folder as `/tmp`.
    pub fn private_tmp(&self) -> bool {
        self.private_tmp
    }
}

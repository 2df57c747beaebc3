//! The process edge: what a child does between fork and exec, and signals to its group. The one place of this room with
//! `unsafe` in it.
//!
//! Between fork and exec only system calls are made and nothing is allocated: the server has other threads, and one of
//! them may hold any lock at the moment of the fork.

#![allow(unsafe_code, reason = "fork, exec and signals have no safe form; see the module's first lines")]

use std::{
    ffi::{CStr, CString},
    io,
    os::{
        fd::{AsRawFd, FromRawFd, OwnedFd, RawFd},
        unix::{ffi::OsStrExt, process::CommandExt},
    },
    path::Path,
    process::Command,
};

use tokio::io::{Interest, unix::AsyncFd};

use super::Fence;

/// AWS Lambda Developer Guide, "Lambda quotas": file descriptors.
const DESCRIPTORS: u64 = 1024;
/// Processes and threads of the server's user together; enough for every worker, too few for a fork bomb to matter.
const PROCESSES: u64 = 8192;

const LANDLOCK_RULE_PATH_BENEATH: libc::c_int = 1;
/// Execute, read file, read directory.
const LANDLOCK_READ: u64 = 1 | 1 << 2 | 1 << 3;

#[repr(C, packed)]
struct PathBeneathAttr {
    allowed_access: u64,
    parent_fd: i32,
}

#[repr(C)]
struct CapabilityHeader {
    version: u32,
    pid: i32,
}

const CAPABILITY_VERSION_3: u32 = 0x2008_0522;

impl Fence {
    /// Makes `command` enter the fence before it runs its program.
    pub fn around(self, command: &mut Command) {
        // SAFETY: `enter` makes system calls on memory that was prepared before the fork; it neither allocates nor locks.
        unsafe {
            command.pre_exec(move || self.enter());
        }
    }

    fn enter(&self) -> io::Result<()> {
        // SAFETY: plain system calls; every pointer is to memory that outlives the call.
        unsafe {
            check(libc::setsid())?;
            libc::umask(0o077);
            limit(libc::RLIMIT_CORE, 0)?;
            limit(libc::RLIMIT_NOFILE, DESCRIPTORS)?;
            limit(libc::RLIMIT_NPROC, PROCESSES)?;
            limit(libc::RLIMIT_FSIZE, self.file_size_limit)?;
            close_others(self.line)?;
            if let Some(tmp) = &self.tmp {
                own_mounts()?;
                mount_over_tmp(tmp)?;
            }
            drop_capabilities();
            check(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))?;
            if let Some(ruleset) = &self.ruleset {
                allow_own_proc(ruleset.as_raw_fd())?;
                check_long(libc::syscall(libc::SYS_landlock_restrict_self, ruleset.as_raw_fd(), 0))?;
            }
            // After everything that changes credentials, which would clear it. Then see whether the server died first.
            check(libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL, 0, 0, 0))?;
            if libc::getppid().cast_unsigned() != self.server {
                libc::_exit(1);
            }
            for filter in self.filters.iter() {
                if seccompiler::apply_filter(filter).is_err() {
                    return Err(io::Error::from_raw_os_error(libc::EINVAL));
                }
            }
        }
        Ok(())
    }
}

unsafe fn limit(resource: libc::__rlimit_resource_t, most: u64) -> io::Result<()> {
    let mut now = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `now` is ours and of the right type.
    unsafe {
        check(libc::getrlimit(resource, &raw mut now))?;
        let most = most.min(now.rlim_max);
        check(libc::setrlimit(resource, &libc::rlimit { rlim_cur: most, rlim_max: most }))?;
    }
    Ok(())
}

/// Everything but standard streams and the line closes at exec, whoever opened it and however.
unsafe fn close_others(line: Option<RawFd>) -> io::Result<()> {
    // SAFETY: plain system calls on descriptors.
    unsafe {
        let all = libc::syscall(libc::SYS_close_range, 3_u32, u32::MAX, libc::CLOSE_RANGE_CLOEXEC);
        if all < 0 {
            for descriptor in 3..1024 {
                libc::fcntl(descriptor, libc::F_SETFD, libc::FD_CLOEXEC);
            }
        }
        match line {
            Some(line) => check(libc::fcntl(line, libc::F_SETFD, 0)).map(|_| ()),
            None => Ok(()),
        }
    }
}

/// A mount namespace of its own; without privileges, in a user namespace of its own.
unsafe fn own_mounts() -> io::Result<()> {
    // SAFETY: plain system calls; the texts are static or on this stack.
    unsafe {
        let (user, group) = (libc::geteuid(), libc::getegid());
        if libc::unshare(libc::CLONE_NEWNS) < 0 {
            check(libc::unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWNS))?;
            write_to(c"/proc/self/setgroups", b"deny")?;
            let mut line = [0_u8; 32];
            let used = identity_map(user, &mut line);
            write_to(c"/proc/self/uid_map", &line[..used])?;
            let used = identity_map(group, &mut line);
            write_to(c"/proc/self/gid_map", &line[..used])?;
        }
        let private = libc::MS_REC | libc::MS_PRIVATE;
        check(libc::mount(std::ptr::null(), c"/".as_ptr(), std::ptr::null(), private, std::ptr::null()))?;
    }
    Ok(())
}

unsafe fn mount_over_tmp(folder: &CStr) -> io::Result<()> {
    // SAFETY: both paths are terminated and live through the call.
    check(unsafe {
        libc::mount(folder.as_ptr(), c"/tmp".as_ptr(), std::ptr::null(), libc::MS_BIND, std::ptr::null())
    })
    .map(|_| ())
}

/// `<id> <id> 1`, without allocating.
fn identity_map(id: u32, line: &mut [u8; 32]) -> usize {
    let mut digits = [0_u8; 10];
    let mut first = digits.len();
    let mut rest = id;
    loop {
        first -= 1;
        digits[first] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    let mut used = 0;
    for part in [&digits[first..], b" ", &digits[first..], b" 1"] {
        line[used..used + part.len()].copy_from_slice(part);
        used += part.len();
    }
    used
}

unsafe fn write_to(path: &CStr, text: &[u8]) -> io::Result<()> {
    // SAFETY: the path is terminated and the buffer's length is its own.
    unsafe {
        let file = check(libc::open(path.as_ptr(), libc::O_WRONLY | libc::O_CLOEXEC))?;
        let written = libc::write(file, text.as_ptr().cast(), text.len());
        libc::close(file);
        if written < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }
}

/// Root without capabilities is an ordinary user that owns root's files. Where there is nothing to drop, that is fine.
unsafe fn drop_capabilities() {
    // SAFETY: the structures have the kernel's layout for this version.
    unsafe {
        for capability in 0..64 {
            if libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0) < 0 {
                break;
            }
        }
        libc::prctl(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
        let header = CapabilityHeader { version: CAPABILITY_VERSION_3, pid: 0 };
        let none = [0_u32; 6];
        libc::syscall(libc::SYS_capset, &raw const header, none.as_ptr());
    }
}

unsafe fn allow_own_proc(ruleset: RawFd) -> io::Result<()> {
    // SAFETY: the path is terminated; the structure has the kernel's layout.
    unsafe {
        let parent_fd = libc::open(c"/proc/self".as_ptr(), libc::O_PATH | libc::O_CLOEXEC);
        if parent_fd < 0 {
            return Ok(()); // no /proc here: nothing to allow
        }
        let rule = PathBeneathAttr { allowed_access: LANDLOCK_READ, parent_fd };
        let added = libc::syscall(
            libc::SYS_landlock_add_rule,
            ruleset,
            LANDLOCK_RULE_PATH_BENEATH,
            &raw const rule,
            0,
        );
        libc::close(parent_fd);
        check_long(added)
    }
}

fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

fn check_long(result: libc::c_long) -> io::Result<()> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Kills every process of the group that `leader` leads. The leader must not have been waited for yet: until then its
/// number cannot be anyone else's.
pub fn kill_group(leader: u32) {
    if let Ok(leader) = i32::try_from(leader)
        && leader > 1
    {
        // SAFETY: a plain system call.
        unsafe {
            libc::kill(-leader, libc::SIGKILL);
        }
    }
}

pub fn kill_one(pid: u32) {
    if let Ok(pid) = i32::try_from(pid)
        && pid > 1
    {
        // SAFETY: a plain system call.
        unsafe {
            libc::kill(pid, libc::SIGKILL);
        }
    }
}

/// Becomes readable when the process ends.
pub type Ending = AsyncFd<OwnedFd>;

pub fn ending(pid: u32) -> io::Result<Ending> {
    let descriptor = pidfd(pid)?;
    // SAFETY: the descriptor is owned by what is registered, and nothing else closes it.
    unsafe { AsyncFd::register_with_interest(descriptor, Interest::READABLE) }.map_err(io::Error::from)
}

fn pidfd(pid: u32) -> io::Result<OwnedFd> {
    // SAFETY: the kernel gives a new descriptor that nobody else owns.
    unsafe {
        let descriptor = libc::syscall(libc::SYS_pidfd_open, pid, 0);
        match RawFd::try_from(descriptor) {
            Ok(descriptor) if descriptor >= 0 => Ok(OwnedFd::from_raw_fd(descriptor)),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

/// Bytes of a page, as `/proc/<pid>/statm` counts.
pub fn rss_page_size() -> u64 {
    // SAFETY: a plain library call.
    u64::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096)
}

/// Whether a child here can have mounts of its own. Tried once, with a program that does nothing.
#[allow(clippy::disallowed_methods, reason = "the process edge")]
pub fn can_mount(folder: &Path) -> bool {
    let Ok(folder) = CString::new(folder.as_os_str().as_bytes()) else { return false };
    let mut command = Command::new("/bin/true");
    command.env_clear();
    // SAFETY: as in `around`.
    unsafe {
        command.pre_exec(move || {
            own_mounts()?;
            mount_over_tmp(&folder)
        });
    }
    command.status().is_ok_and(|status| status.success())
}

/// Whether the child has ended. It is left for `wait` to collect.
pub fn has_ended(pid: u32) -> bool {
    // SAFETY: the structure is the kernel's, zeroed, and ours.
    unsafe {
        let mut info: libc::siginfo_t = std::mem::zeroed();
        let options = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
        let found = libc::waitid(libc::P_PID, pid, &raw mut info, options);
        found < 0 || info.si_pid() != 0
    }
}

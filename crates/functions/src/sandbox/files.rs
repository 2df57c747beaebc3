//! Which files a worker reaches: a Landlock ruleset that lists them (The Linux Kernel, "Landlock: unprivileged access
//! control"). Everything that is not listed is refused by the kernel, whatever the file's mode says.

use std::{
    io,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
};

use landlock::{
    ABI, Access, AccessFs, BitFlags, PathBeneath, PathFd, Ruleset, RulesetAttr, RulesetCreated,
    RulesetCreatedAttr, Scope,
};

use super::Reach;

/// The newest rules we know. Older kernels keep those of them that they have.
const RULES: ABI = ABI::V6;

/// What programs need to run, resolve names and check certificates. No folder here is one that people keep services in
/// (`/usr/src`, `/opt`, `/srv` and home folders are left out on purpose).
pub const SYSTEM_READABLE: &[&str] = &[
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/usr/bin",
    "/usr/sbin",
    "/usr/lib",
    "/usr/lib32",
    "/usr/lib64",
    "/usr/libexec",
    "/usr/share",
    "/usr/local/bin",
    "/usr/local/lib",
    "/usr/local/lib64",
    "/usr/local/share",
    "/etc/alternatives",
    "/etc/ca-certificates",
    "/etc/crypto-policies",
    "/etc/gai.conf",
    "/etc/group",
    "/etc/host.conf",
    "/etc/hosts",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/etc/mime.types",
    "/etc/nsswitch.conf",
    "/etc/os-release",
    "/etc/passwd",
    "/etc/pki",
    "/etc/protocols",
    "/etc/resolv.conf",
    "/etc/services",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/etc/timezone",
    "/proc/cpuinfo",
    "/proc/filesystems",
    "/proc/loadavg",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/sys",
    "/proc/uptime",
    "/proc/version",
    "/sys/devices/system/cpu",
    "/sys/fs/cgroup",
    "/sys/kernel/mm/transparent_hugepage",
];

const DEVICES: &[&str] = &["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];

/// Whether this kernel has Landlock at all.
pub fn supported() -> bool {
    Ruleset::default()
        .handle_access(AccessFs::from_all(ABI::V1))
        .and_then(Ruleset::create)
        .is_ok_and(|created| Option::<OwnedFd>::from(created).is_some())
}

/// The ruleset as a descriptor, ready to be entered; `None` where the kernel has no Landlock. The worker's own
/// `/proc/self` is added in the child, which is the first to know what it is.
pub fn ruleset(reach: &Reach<'_>) -> io::Result<Option<OwnedFd>> {
    let read = AccessFs::from_read(RULES);
    let mut rules = Ruleset::default()
        .handle_access(AccessFs::from_all(RULES))
        .and_then(|ruleset| ruleset.scope(Scope::from_all(RULES)))
        .and_then(Ruleset::create)
        .map_err(io::Error::other)?;
    for path in SYSTEM_READABLE.iter().map(Path::new).chain(reach.readable.iter().map(PathBuf::as_path)) {
        rules = allow(rules, path, read)?;
        // A link such as /etc/resolv.conf is followed when it is opened: allow where it leads as well.
        if let Ok(real) = path.canonicalize()
            && real != path
        {
            rules = allow(rules, &real, read)?;
        }
    }
    for device in DEVICES {
        rules = allow(rules, Path::new(device), read | AccessFs::WriteFile)?;
    }
    rules = allow(rules, reach.package, read)?;
    rules = allow(rules, reach.scratch, AccessFs::from_all(RULES))?;
    Ok(rules.into())
}

/// A path that is not there is nothing to allow.
fn allow(rules: RulesetCreated, path: &Path, access: BitFlags<AccessFs>) -> io::Result<RulesetCreated> {
    let Ok(opened) = PathFd::new(path) else { return Ok(rules) };
    let access = if path.is_dir() { access } else { access & AccessFs::from_file(RULES) };
    rules.add_rule(PathBeneath::new(opened, access)).map_err(io::Error::other)
}

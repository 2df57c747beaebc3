//! Taking a zip apart, trusting nothing it says of itself.
//!
//! A name that leaves the package, a link that points out of it, two entries in one place, and more bytes than Lambda
//! allows (counted as they are inflated, whatever the zip's directory says) all end the unpacking.

use std::{
    fs,
    io::{self, Cursor, Read},
    os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink},
    path::{Component, Path, PathBuf},
};

use bytes::Bytes;
use zip::{ZipArchive, result::ZipError};

use super::PackageError;

/// AWS Lambda Developer Guide, "Lambda quotas": the deployment package, unzipped.
pub const UNZIPPED_LIMIT: u64 = 262_144_000;
const ENTRIES_LIMIT: usize = 200_000;
const LINK_LIMIT: u64 = 4096;

/// Unpacks `zip` into the empty folder `into`.
pub fn unpack(zip: &Bytes, into: &Path) -> Result<(), PackageError> {
    let mut archive = ZipArchive::new(Cursor::new(zip.as_ref())).map_err(broken)?;
    if archive.is_empty() {
        return Err(PackageError::Empty);
    }
    if archive.len() > ENTRIES_LIMIT {
        return Err(PackageError::TooLarge);
    }
    let mut left = UNZIPPED_LIMIT;
    let mut links = Vec::new();
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(broken)?;
        let Some(name) = inside(&entry.name().replace('\\', "/")) else {
            return Err(PackageError::Unreadable(format!("'{}' leaves the package", entry.name())));
        };
        let path = into.join(&name);
        if entry.is_dir() {
            fs::create_dir_all(&path).map_err(disk)?;
            continue;
        }
        make_parent(&path)?;
        if entry.is_symlink() {
            links.push((name, link_target(&mut entry)?));
        } else {
            let mode = entry.unix_mode();
            left = left.saturating_sub(write_file(&mut entry, &path, mode, left)?);
        }
    }
    // Links come last: no file is ever written through one.
    for (name, target) in links {
        if !stays_inside(&name, &target) {
            return Err(PackageError::Unreadable(format!(
                "the link '{}' leaves the package",
                name.display()
            )));
        }
        symlink(target, into.join(name)).map_err(disk)?;
    }
    fs::set_permissions(into, fs::Permissions::from_mode(0o755)).map_err(disk)
}

/// Copies at most `left` bytes and says how many there were.
fn write_file(entry: &mut impl Read, path: &Path, mode: Option<u32>, left: u64) -> Result<u64, PackageError> {
    let executable =
        mode.is_some_and(|mode| mode & 0o111 != 0) || path.file_name().is_some_and(|n| n == "bootstrap");
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(if executable { 0o555 } else { 0o444 })
        .open(path)
        .map_err(disk)?;
    let written = io::copy(&mut entry.take(left + 1), &mut file).map_err(|cause| {
        // What inflate cannot read is the zip's fault; what the disk cannot take is not.
        match cause.kind() {
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof => {
                PackageError::Unreadable(cause.to_string())
            }
            _ => disk(cause),
        }
    })?;
    if written > left { Err(PackageError::TooLarge) } else { Ok(written) }
}

fn make_parent(path: &Path) -> Result<(), PackageError> {
    match path.parent() {
        Some(parent) => fs::create_dir_all(parent).map_err(disk),
        None => Ok(()),
    }
}

fn link_target(entry: &mut impl Read) -> Result<PathBuf, PackageError> {
    let mut target = String::new();
    let length = entry
        .take(LINK_LIMIT + 1)
        .read_to_string(&mut target)
        .map_err(|cause| PackageError::Unreadable(cause.to_string()))?;
    if length as u64 > LINK_LIMIT || target.contains('\0') {
        return Err(PackageError::Unreadable(String::from("a link's target is too long")));
    }
    Ok(PathBuf::from(target))
}

/// The entry's name as a relative path of plain words, or `None`.
fn inside(name: &str) -> Option<PathBuf> {
    if name.is_empty() || name.contains('\0') || name.starts_with('/') {
        return None;
    }
    let mut path = PathBuf::new();
    for component in Path::new(name).components() {
        match component {
            Component::Normal(word) => path.push(word),
            Component::CurDir => {}
            _ => return None,
        }
    }
    (!path.as_os_str().is_empty()).then_some(path)
}

/// Whether a link at `name` to `target` ends up in the package. Steps up may only come first: the folders above a link
/// are real ones, while a step up after a word could start from wherever another link leads.
fn stays_inside(name: &Path, target: &Path) -> bool {
    let mut depth = name.components().count() - 1;
    let mut words = false;
    target.components().all(|component| match component {
        Component::CurDir => true,
        Component::Normal(_) => {
            words = true;
            true
        }
        Component::ParentDir if !words && depth > 0 => {
            depth -= 1;
            true
        }
        _ => false,
    }) && words
}

fn broken(cause: ZipError) -> PackageError {
    PackageError::Unreadable(cause.to_string())
}

fn disk(cause: io::Error) -> PackageError {
    match cause.kind() {
        // Two entries in one place, or a file where another entry needs a folder.
        io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => {
            PackageError::Unreadable(format!("two entries are in each other's way: {cause}"))
        }
        _ => PackageError::Disk(cause.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::{ZipWriter, write::SimpleFileOptions};

    use super::*;

    fn zipped(build: impl FnOnce(&mut ZipWriter<Cursor<Vec<u8>>>)) -> Bytes {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        build(&mut writer);
        Bytes::from(writer.finish().unwrap().into_inner())
    }

    fn one_file(name: &str) -> Bytes {
        zipped(|zip| {
            zip.start_file(name, SimpleFileOptions::default().unix_permissions(0o755)).unwrap();
            zip.write_all(b"x").unwrap();
        })
    }

    fn unpacked(zip: &Bytes) -> (tempfile::TempDir, Result<(), PackageError>) {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("in")).unwrap();
        let result = unpack(zip, &dir.path().join("in"));
        (dir, result)
    }

    #[test]
    fn keeps_names_and_whether_a_file_can_be_run() {
        let (dir, result) = unpacked(&one_file("bin/tool"));
        result.unwrap();
        let mode = fs::metadata(dir.path().join("in/bin/tool")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o555);
    }

    #[test]
    fn a_name_that_leaves_the_package_is_refused() {
        for name in ["../out", "a/../../out", "/out", "..\\out"] {
            let (dir, result) = unpacked(&one_file(name));
            assert!(matches!(result, Err(PackageError::Unreadable(_))), "{name}");
            assert!(!dir.path().join("out").exists(), "{name}");
        }
    }

    #[test]
    fn a_link_may_point_about_but_not_out() {
        let link = |name: &str, target: &str| {
            unpacked(&zipped(|zip| {
                zip.start_file("pkg/cli.js", SimpleFileOptions::default()).unwrap();
                zip.write_all(b"x").unwrap();
                zip.add_symlink(name, target, SimpleFileOptions::default()).unwrap();
            }))
            .1
        };
        link("node_modules/.bin/cli", "../../pkg/cli.js").unwrap();
        for (name, target) in [
            ("a", "/etc/passwd"),
            ("a", "../x"),
            ("a/b", "../../x"),
            ("a/b/c", "up/../../../../x"),
            ("a", ".."),
        ] {
            assert!(matches!(link(name, target), Err(PackageError::Unreadable(_))), "{name} -> {target}");
        }
    }

    #[test]
    fn a_file_is_not_written_through_a_link() {
        let (dir, result) = unpacked(&zipped(|zip| {
            zip.add_symlink("d", "e", SimpleFileOptions::default()).unwrap();
            zip.start_file("d/x", SimpleFileOptions::default()).unwrap();
            zip.write_all(b"x").unwrap();
        }));
        assert!(matches!(result, Err(PackageError::Unreadable(_))));
        assert!(!dir.path().join("in/e/x").exists());
    }

    #[test]
    fn a_bomb_is_stopped_while_it_inflates() {
        let bomb = zipped(|zip| {
            zip.start_file("zeros", SimpleFileOptions::default()).unwrap();
            let zeros = vec![0; 1024 * 1024];
            for _ in 0..251 {
                zip.write_all(&zeros).unwrap();
            }
        });
        assert!(bomb.len() < 1024 * 1024);
        assert!(matches!(unpacked(&bomb).1, Err(PackageError::TooLarge)));
    }

    #[test]
    fn what_is_no_zip_is_refused() {
        assert!(matches!(unpacked(&Bytes::from_static(b"hello")).1, Err(PackageError::Unreadable(_))));
        assert!(matches!(unpacked(&zipped(|_| {})).1, Err(PackageError::Empty)));
    }
}

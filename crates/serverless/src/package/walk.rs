//! Every file below the service's folder.
//!
//! Links are followed, since packages of a workspace are linked into `node_modules`, but only inside the project: a
//! link to somewhere else on the machine is left out and named, and one that leads back above itself is not walked.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::diagnostics::Diagnostic;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// From the service's folder, `/` between its parts.
    pub path: String,
    pub size: u64,
    pub executable: bool,
}

/// Never walked: what the tools themselves keep there. `.poolhouse` holds keys.
const NOT_WALKED: [&str; 3] = [".git", ".poolhouse", ".serverless"];
const MOST_FILES: usize = 200_000;
const DEEPEST: usize = 64;

/// In the order of their paths.
pub fn files(folder: &Path, problems: &mut Vec<Diagnostic>) -> Result<Vec<Found>, String> {
    let here = folder.canonicalize().map_err(|error| format!("cannot read {}: {error}", folder.display()))?;
    let mut walk = Walk { project: project_of(&here), found: Vec::new(), problems };
    walk.folder(&here, "", &mut vec![here.clone()])?;
    walk.found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(walk.found)
}

struct Walk<'a> {
    project: PathBuf,
    found: Vec<Found>,
    problems: &'a mut Vec<Diagnostic>,
}

impl Walk<'_> {
    fn folder(&mut self, real: &Path, path: &str, above: &mut Vec<PathBuf>) -> Result<(), String> {
        let failed = |error: io::Error| format!("cannot read {path}: {error}");
        if above.len() > DEEPEST {
            return Err(format!("{path} is more than {DEEPEST} folders deep"));
        }
        for entry in fs::read_dir(real).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let Some(name) = entry.file_name().to_str().map(str::to_owned) else {
                self.leave_out(
                    format!("{path}/{}", entry.file_name().to_string_lossy()),
                    "its name is not UTF-8",
                );
                continue;
            };
            if NOT_WALKED.contains(&name.as_str()) {
                continue;
            }
            let inner = if path.is_empty() { name } else { format!("{path}/{name}") };
            let kind = entry.file_type().map_err(failed)?;
            let real = if kind.is_symlink() {
                match self.follow(&entry.path(), &inner) {
                    Some(target) => target,
                    None => continue,
                }
            } else {
                entry.path()
            };
            let Ok(metadata) = fs::metadata(&real) else { continue };
            if metadata.is_dir() {
                if above.contains(&real) {
                    continue;
                }
                above.push(real.clone());
                self.folder(&real, &inner, above)?;
                above.pop();
            } else if metadata.is_file() {
                self.found.push(Found {
                    path: inner,
                    size: metadata.len(),
                    executable: is_executable(&metadata),
                });
                if self.found.len() > MOST_FILES {
                    return Err(format!("the service's folder holds more than {MOST_FILES} files"));
                }
            }
        }
        Ok(())
    }

    fn follow(&mut self, link: &Path, path: &str) -> Option<PathBuf> {
        let target = link.canonicalize().ok()?;
        if target.starts_with(&self.project) && !target.components().any(is_private) {
            return Some(target);
        }
        self.leave_out(path.to_owned(), "it is a link that leads out of the project");
        None
    }

    fn leave_out(&mut self, path: String, reason: &str) {
        self.problems.push(Diagnostic::warning(None, format!("{path} is not packaged: {reason}")));
    }
}

fn is_private(component: std::path::Component<'_>) -> bool {
    component.as_os_str().to_str().is_some_and(|name| NOT_WALKED.contains(&name))
}

/// The nearest folder above that holds the whole project: a repository or a workspace of packages.
fn project_of(folder: &Path) -> PathBuf {
    let is_workspace = |folder: &Path| {
        fs::read_to_string(folder.join("package.json")).is_ok_and(|text| {
            serde_json::from_str::<serde_json::Value>(&text)
                .is_ok_and(|json| json.get("workspaces").is_some())
        }) || folder.join("pnpm-workspace.yaml").exists()
    };
    let project = folder.ancestors().find(|folder| folder.join(".git").exists() || is_workspace(folder));
    project.unwrap_or(folder).to_path_buf()
}

#[cfg(unix)]
fn is_executable(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o100 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &fs::Metadata) -> bool {
    true
}

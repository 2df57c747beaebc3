//! Packages that only development needs stay at home: what `npm ls` names for development and not for production.
//!
//! npm is not asked (it takes a second and may be missing); its rules are followed instead: a dependency of the package
//! in `a/b` is the first of `a/b/node_modules/x`, `a/node_modules/x`, `node_modules/x` that exists.

use std::{
    collections::{BTreeSet, HashSet},
    fs,
    path::Path,
};

use serde_json::Value as Json;

use super::walk::Found;

/// The paths, from the service's folder, that packages leave out with all that is below them.
pub fn patterns(folder: &Path, files: &[Found]) -> Vec<String> {
    let manifests: HashSet<&str> = files
        .iter()
        .filter_map(|file| file.path.strip_suffix("package.json"))
        .map(|path| path.trim_end_matches('/'))
        .collect();
    let tree = Tree { folder, manifests };
    let mut development = BTreeSet::new();
    let mut production = BTreeSet::new();
    for root in tree.manifests.iter().filter(|path| !is_installed(path)) {
        let Some(manifest) = tree.manifest(root) else { continue };
        tree.reach(
            root,
            &names(&manifest, &["dependencies", "optionalDependencies", "peerDependencies"]),
            &mut production,
        );
        tree.reach(root, &names(&manifest, &["devDependencies"]), &mut development);
    }
    let mut left_out = Vec::new();
    for package in development.difference(&production).filter(|path| is_installed(path)) {
        left_out.push(package.clone());
        if let Some(manifest) = tree.manifest(package) {
            left_out.extend(commands(package, &manifest));
        }
    }
    left_out
}

struct Tree<'a> {
    folder: &'a Path,
    /// The folders that hold a `package.json`; "" is the service's own.
    manifests: HashSet<&'a str>,
}

impl Tree<'_> {
    fn manifest(&self, package: &str) -> Option<Json> {
        let text = fs::read_to_string(self.folder.join(package).join("package.json")).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// All packages that `names` lead to from the package in `from`.
    fn reach(&self, from: &str, names: &[String], reached: &mut BTreeSet<String>) {
        let mut left: Vec<String> = names.iter().filter_map(|name| self.resolve(from, name)).collect();
        while let Some(package) = left.pop() {
            if !reached.insert(package.clone()) {
                continue;
            }
            let Some(manifest) = self.manifest(&package) else { continue };
            let next = self::names(&manifest, &["dependencies", "optionalDependencies", "peerDependencies"]);
            left.extend(next.iter().filter_map(|name| self.resolve(&package, name)));
        }
    }

    fn resolve(&self, from: &str, name: &str) -> Option<String> {
        let mut folder = from;
        loop {
            let candidate = if folder.is_empty() {
                format!("node_modules/{name}")
            } else {
                format!("{folder}/node_modules/{name}")
            };
            if self.manifests.contains(candidate.as_str()) {
                return Some(candidate);
            }
            if folder.is_empty() {
                return None;
            }
            folder = folder.rsplit_once('/').map_or("", |(above, _)| above);
        }
    }
}

fn is_installed(path: &str) -> bool {
    path.split('/').any(|part| part == "node_modules")
}

fn names(manifest: &Json, sections: &[&str]) -> Vec<String> {
    sections
        .iter()
        .filter_map(|section| manifest.get(section)?.as_object())
        .flat_map(|section| section.keys().cloned())
        .collect()
}

/// The links in `.bin` to the package's commands.
fn commands(package: &str, manifest: &Json) -> Vec<String> {
    let Some((above, name)) = package.rsplit_once("node_modules/") else { return Vec::new() };
    let bin = format!("{above}node_modules/.bin");
    match manifest.get("bin") {
        Some(Json::String(_)) => vec![format!("{bin}/{}", name.rsplit('/').next().unwrap_or(name))],
        Some(Json::Object(commands)) => commands.keys().map(|command| format!("{bin}/{command}")).collect(),
        _ => Vec::new(),
    }
}

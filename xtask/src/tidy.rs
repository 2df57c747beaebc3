//! `cargo xtask tidy`: who leans on whom, as cargo knows it, held against the table in docs/ARCHITECTURE.md.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::run;

type Arrows = BTreeMap<String, BTreeSet<String>>;

pub fn run() -> Result<(), String> {
    let root = run::root();
    let page = root.join("docs/ARCHITECTURE.md");
    let text = std::fs::read_to_string(&page).map_err(|cause| format!("{}: {cause}", page.display()))?;
    let metadata = run::output(run::command("cargo").args(["metadata", "--format-version=1", "--no-deps"]))?;
    let metadata: Value =
        serde_json::from_str(&metadata).map_err(|cause| format!("cargo metadata: {cause}"))?;
    let found = found(&metadata);
    let complaints = compare(&allowed(&text, &found)?, &found);
    if complaints.is_empty() {
        println!("tidy: {} crates lean as docs/ARCHITECTURE.md says", found.len());
        return Ok(());
    }
    complaints.iter().for_each(|complaint| eprintln!("tidy: {complaint}"));
    Err(format!("{} arrows are not as docs/ARCHITECTURE.md says", complaints.len()))
}

/// Folder names of our crates, and of ours that each needs to build (what its tests need does not count).
fn found(metadata: &Value) -> Arrows {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let crates = packages.filter_map(|package| {
        let folder = folder(package["manifest_path"].as_str()?)?;
        let needs = package["dependencies"].as_array()?.iter().filter_map(|dependency| {
            let ours = dependency["path"].as_str()?;
            let plain = dependency["kind"].is_null();
            plain.then(|| ours.rsplit('/').next().map(str::to_owned)).flatten()
        });
        Some((folder, needs.collect()))
    });
    crates.collect()
}

/// `…/crates/store/Cargo.toml` → `store`; nothing for what lies elsewhere.
fn folder(manifest: &str) -> Option<String> {
    let mut parts = manifest.rsplit('/').skip(1);
    let name = parts.next()?;
    (parts.next()? == "crates").then(|| name.to_owned())
}

/// The rows `` | `crates/x` | … | leans on | `` of the page. A row may say "nothing of ours", "everything", "everything
/// above but …", "x and what x has"; words in brackets explain.
fn allowed(page: &str, found: &Arrows) -> Result<Arrows, String> {
    let mut arrows = Arrows::new();
    let mut above = BTreeSet::new();
    for line in page.lines() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, name, _, leans, ..] = cells.as_slice() else { continue };
        let Some(name) = name.strip_prefix("`crates/").and_then(|name| name.strip_suffix('`')) else {
            continue;
        };
        let leans = leans.split('(').next().unwrap_or_default().replace(',', " ");
        let words: Vec<&str> = leans.split_whitespace().collect();
        let named = |words: &[&str]| -> BTreeSet<String> {
            words.iter().filter(|word| found.contains_key(**word)).map(|word| (*word).to_owned()).collect()
        };
        let mut set = named(&words);
        if words.first() == Some(&"everything") {
            let but = words.iter().position(|word| *word == "but").map_or(&[][..], |at| &words[at..]);
            let excluded: BTreeSet<String> = named(but)
                .into_iter()
                .chain(
                    found
                        .keys()
                        .filter(|_| but.contains(&"engines"))
                        .filter(|name| name.starts_with("store-"))
                        .cloned(),
                )
                .collect();
            set = above.difference(&excluded).cloned().collect();
        } else if words.contains(&"what") {
            for of in set.clone() {
                let inherited: BTreeSet<String> = arrows.get(&of).cloned().ok_or_else(|| {
                    format!("docs/ARCHITECTURE.md: {name} has what {of} has, which stands below it")
                })?;
                set.extend(inherited);
            }
        }
        arrows.insert(name.to_owned(), set);
        above.insert(name.to_owned());
    }
    Ok(arrows)
}

fn compare(allowed: &Arrows, found: &Arrows) -> Vec<String> {
    let mut complaints = Vec::new();
    for (name, needs) in found {
        match allowed.get(name) {
            None => complaints.push(format!("crates/{name} has no row in docs/ARCHITECTURE.md")),
            Some(may) => complaints.extend(
                needs
                    .difference(may)
                    .map(|need| format!("crates/{name} leans on {need}, which no row gives it")),
            ),
        }
    }
    complaints.extend(
        allowed
            .keys()
            .filter(|name| !found.contains_key(*name))
            .map(|name| format!("docs/ARCHITECTURE.md has crates/{name}, which is not there")),
    );
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn reads_the_table_and_finds_what_is_not_in_it() {
        let page = "| room | what | leans on |\n| --- | --- | --- |\n| `crates/base` | x | nothing of ours |\n\
                    | `crates/store` | x | base |\n| `crates/store-sqlite` | x | store base |\n\
                    | `crates/pool` | x | base store (rows only) |\n| `crates/web` | x | pool and what it has |\n\
                    | `crates/http` | x | everything above but the engines |\n| `clients/` | x | the binary |\n";
        let mut found: Arrows = ["base", "store", "store-sqlite", "pool", "web", "http"]
            .into_iter()
            .map(|name| (name.to_owned(), BTreeSet::new()))
            .collect();
        let arrows = allowed(page, &found).unwrap();
        assert_eq!(arrows["base"], set(&[]));
        assert_eq!(arrows["web"], set(&["pool", "base", "store"]));
        assert_eq!(arrows["http"], set(&["base", "store", "pool", "web"]));
        found.insert(String::from("base"), set(&["store"]));
        found.insert(String::from("new"), set(&[]));
        let complaints = compare(&arrows, &found);
        assert_eq!(complaints.len(), 2, "{complaints:?}");
        assert!(complaints[0].contains("crates/base leans on store"));
    }
}

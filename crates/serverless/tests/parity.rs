//! Our templates and packages beside those of the Serverless Framework v3 (3.40.0), for a set of services.
//!
//! `expected.json` was written by the framework itself (`clients/serverless-parity/run --record`); the same script
//! compares with the framework live. What two runs of one program write differently (when, and the digest of a zip's
//! bytes) is evened out, unless the zip is a ready-made one: then the versions' names must be the same to the letter.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::{collections::BTreeMap, fs, io::Read, path::Path};

use regex::Regex;
use serde_json::{Value as Json, json};
use serverless::{Artifact, Options, compile, load};

#[test]
fn every_service_is_packed_as_the_framework_packs_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity");
    let mut differences = Vec::new();
    let mut services = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let fixture = entry.unwrap().path();
        let name = fixture.file_name().unwrap().to_str().unwrap().to_owned();
        services += 1;
        let expected: Json =
            serde_json::from_str(&fs::read_to_string(fixture.join("expected.json")).unwrap()).unwrap();
        let exact = expected["files"].as_object().unwrap().is_empty();
        let ours = packed(&fixture);
        compare(&even(&expected, exact), &even(&ours, exact), &name, &mut differences);
    }
    assert!(services >= 18, "the fixtures are there");
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

fn packed(fixture: &Path) -> Json {
    let home = tempfile::tempdir().unwrap();
    let service = home.path().join("service");
    copy(fixture, &service);
    plant(&service);
    let mut options = Options {
        now_millis: 1_700_000_000_000,
        env: vec![(String::from("FLAG"), String::from("1"))],
        ..Options::default()
    };
    let args = fs::read_to_string(fixture.join("args")).unwrap_or_default();
    let words: Vec<&str> = args.split_whitespace().collect();
    for pair in words.chunks(2) {
        match pair {
            ["--stage", stage] => options.stage = Some((*stage).to_owned()),
            ["--region", region] => options.region = Some((*region).to_owned()),
            ["--param", param] => {
                let (name, value) = param.split_once('=').unwrap();
                options.params.push((name.to_owned(), value.to_owned()));
            }
            other => panic!("{other:?}"),
        }
    }
    let service = load(&service, options).unwrap_or_else(|report| panic!("{report}"));
    let compiled = compile(&service).unwrap_or_else(|report| panic!("{report}"));
    // The framework leaves a ready-made artifact where it is.
    let made = compiled.artifacts.iter().filter(|artifact| artifact.file_name != "ready.zip");
    let files: BTreeMap<String, Json> =
        made.map(|artifact| (artifact.file_name.clone(), list(artifact))).collect();
    json!({"create": compiled.template_create, "update": compiled.template_update, "files": files})
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        let helper = ["args", "expected.json", "tree.json"].iter().any(|name| entry.file_name() == **name);
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else if !helper || entry.file_name() == "tree.json" {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Folders that version control leaves out (`node_modules`) are written down in `tree.json`.
fn plant(service: &Path) {
    let Ok(tree) = fs::read_to_string(service.join("tree.json")) else { return };
    fs::remove_file(service.join("tree.json")).unwrap();
    let tree: BTreeMap<String, Json> = serde_json::from_str(&tree).unwrap();
    for (path, content) in tree {
        let path = service.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        match content {
            Json::String(text) => fs::write(path, text).unwrap(),
            link => std::os::unix::fs::symlink(link["link"].as_str().unwrap(), path).unwrap(),
        }
    }
}

fn list(artifact: &Artifact) -> Json {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(artifact.bytes.as_slice())).unwrap();
    let mut files = BTreeMap::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).unwrap();
        let mode = file.unix_mode().unwrap() & 0o777;
        let mut content = Vec::new();
        file.read_to_end(&mut content).unwrap();
        files.insert(file.name().to_owned(), json!(format!("{mode:o}")));
    }
    json!(files)
}

fn even(value: &Json, exact: bool) -> Json {
    let mut text = value.to_string();
    let mut replace = |pattern: &str, with: &str| {
        text = Regex::new(pattern).unwrap().replace_all(&text, with).into_owned();
    };
    replace(r"ApiGatewayDeployment\d+", "ApiGatewayDeployment");
    replace(r"/\d{10,}-\d{4}-\d\d-\d\dT[\d:.]+Z/", "/T/");
    if !exact {
        replace(r"LambdaVersion[0-9A-Za-z]{20,}", "LambdaVersion");
        replace(r#""CodeSha256":"[^"]+""#, r#""CodeSha256":"…""#);
    }
    serde_json::from_str(&text).unwrap()
}

fn compare(theirs: &Json, ours: &Json, path: &str, differences: &mut Vec<String>) {
    match (theirs, ours) {
        (Json::Object(a), Json::Object(b)) => {
            let mut keys: Vec<&String> = a.keys().chain(b.keys()).collect();
            keys.sort();
            keys.dedup();
            for key in keys {
                let none = json!("(not there)");
                let (a, b) = (a.get(key).unwrap_or(&none), b.get(key).unwrap_or(&none));
                compare(a, b, &format!("{path}.{key}"), differences);
            }
        }
        (Json::Array(a), Json::Array(b)) if path.ends_with(".DependsOn") => {
            let sorted = |list: &[Json]| {
                let mut names: Vec<String> = list.iter().map(Json::to_string).collect();
                names.sort();
                names
            };
            if sorted(a) != sorted(b) {
                differences.push(format!("{path}: serverless {theirs}, ours {ours}"));
            }
        }
        (Json::Array(a), Json::Array(b)) if a.len() == b.len() => {
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                compare(a, b, &format!("{path}[{index}]"), differences);
            }
        }
        (a, b) if a == b => {}
        _ => differences.push(format!("{path}: serverless {theirs}, ours {ours}")),
    }
}

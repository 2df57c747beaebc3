//! `cargo xtask facts`: reduces botocore's AWS API models to the tables under `crates/facts/facts`.
//!
//! The tables keep what a server needs (names, types, limits, patterns, enums, what is required, sensitive or unsigned,
//! errors with their status, how lists are paged) and no prose. Their grammar stands at the head of
//! `crates/facts/build/table.rs`, which reads them.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs,
    io::Read,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::{Map, Value};

use crate::run;

const BOTOCORE: &str = "1.44.5";

/// Model folder, and the operations to keep; `None` keeps all.
const SERVICES: [(&str, &str, Option<&[&str]>); 6] = [
    ("cognito-idp", "2016-04-18", None),
    ("cloudformation", "2010-05-15", None),
    ("lambda", "2015-03-31", None),
    ("logs", "2014-03-28", None),
    ("sts", "2011-06-15", None),
    ("iam", "2010-05-08", Some(IAM)),
];

/// The part of IAM that deploying a service touches.
const IAM: &[&str] = &[
    "AttachRolePolicy",
    "AttachUserPolicy",
    "CreateAccessKey",
    "CreatePolicy",
    "CreatePolicyVersion",
    "CreateRole",
    "CreateUser",
    "DeleteAccessKey",
    "DeletePolicy",
    "DeletePolicyVersion",
    "DeleteRole",
    "DeleteRolePermissionsBoundary",
    "DeleteRolePolicy",
    "DeleteUser",
    "DeleteUserPolicy",
    "DetachRolePolicy",
    "DetachUserPolicy",
    "GetAccessKeyLastUsed",
    "GetPolicy",
    "GetPolicyVersion",
    "GetRole",
    "GetRolePolicy",
    "GetUser",
    "GetUserPolicy",
    "ListAccessKeys",
    "ListAttachedRolePolicies",
    "ListAttachedUserPolicies",
    "ListPolicies",
    "ListPolicyVersions",
    "ListRolePolicies",
    "ListRoleTags",
    "ListRoles",
    "ListUserPolicies",
    "ListUsers",
    "PutRolePermissionsBoundary",
    "PutRolePolicy",
    "PutUserPolicy",
    "TagRole",
    "UntagRole",
    "UpdateAccessKey",
    "UpdateAssumeRolePolicy",
    "UpdateRole",
];

pub fn run(words: &[String]) -> Result<(), String> {
    let data = match words {
        [] => fetched()?,
        [folder] => {
            let folder = PathBuf::from(folder);
            [folder.join("botocore/data"), folder.join("data"), folder.clone()]
                .into_iter()
                .find(|place| place.join("cognito-idp").is_dir())
                .ok_or_else(|| format!("{}: no botocore data in it", folder.display()))?
        }
        _ => return Err(String::from("facts takes at most one folder")),
    };
    let target = run::root().join("crates/facts/facts");
    fs::create_dir_all(&target).map_err(|cause| format!("{}: {cause}", target.display()))?;
    for (service, version, keep) in SERVICES {
        let folder = data.join(service).join(version);
        let model = json(&folder.join("service-2.json.gz"))?;
        let pages = folder.join("paginators-1.json");
        let pages = if pages.is_file() { json(&pages)? } else { Value::Null };
        let text = Reduction::of(&model, &pages["pagination"], keep)
            .table(service)
            .map_err(|what| format!("{service}: {what}"))?;
        let file = target.join(format!("{service}.facts"));
        fs::write(&file, text).map_err(|cause| format!("{}: {cause}", file.display()))?;
        println!("{}", file.display());
    }
    Ok(())
}

/// Botocore's data folder, unpacked under `target/` from a wheel that pip brings.
fn fetched() -> Result<PathBuf, String> {
    let place = run::root().join("target/botocore");
    let unpacked = place.join(BOTOCORE);
    if !unpacked.is_dir() {
        run::to_the_end(
            run::command("python3")
                .args(["-m", "pip", "download", "--no-deps", "--dest"])
                .arg(&place)
                .arg(format!("botocore=={BOTOCORE}")),
            Duration::from_secs(300),
        )?;
        let wheel = place.join(format!("botocore-{BOTOCORE}-py3-none-any.whl"));
        let file = fs::File::open(&wheel).map_err(|cause| format!("{}: {cause}", wheel.display()))?;
        zip::ZipArchive::new(file)
            .and_then(|mut archive| archive.extract(&unpacked))
            .map_err(|cause| format!("{}: {cause}", wheel.display()))?;
    }
    Ok(unpacked.join("botocore/data"))
}

fn json(file: &Path) -> Result<Value, String> {
    let complain = |cause: &dyn std::fmt::Display| format!("{}: {cause}", file.display());
    let raw = fs::read(file).map_err(|cause| complain(&cause))?;
    let mut text = Vec::new();
    if file.extension().is_some_and(|extension| extension == "gz") {
        flate2::read::GzDecoder::new(raw.as_slice())
            .read_to_end(&mut text)
            .map_err(|cause| complain(&cause))?;
    } else {
        text = raw;
    }
    serde_json::from_slice(&text).map_err(|cause| complain(&cause))
}

struct Reduction<'a> {
    model: &'a Value,
    pages: &'a Value,
    keep: Option<&'a [&'a str]>,
}

impl<'a> Reduction<'a> {
    fn of(model: &'a Value, pages: &'a Value, keep: Option<&'a [&'a str]>) -> Self {
        Self { model, pages, keep }
    }

    fn table(&self, service: &str) -> Result<String, String> {
        let mut text =
            String::from("# Reduced from botocore's API model by `cargo xtask facts`; do not edit.\n\n");
        let metadata = &self.model["metadata"];
        let _ = writeln!(text, "service {service}");
        for (word, key) in [
            ("version", "apiVersion"),
            ("protocol", "protocol"),
            ("json", "jsonVersion"),
            ("target", "targetPrefix"),
            ("namespace", "xmlNamespace"),
        ] {
            if let Some(value) = metadata[key].as_str() {
                let _ = writeln!(text, "  {word} {value}");
            }
        }
        let mut used = BTreeSet::new();
        for (name, operation) in object(&self.model["operations"])? {
            if self.keep.is_none_or(|keep| keep.contains(&name.as_str())) {
                self.operation(&mut text, name, operation, &mut used)?;
            }
        }
        for name in &used {
            self.shape(&mut text, name)?;
        }
        Ok(text)
    }

    fn operation(
        &self,
        text: &mut String,
        name: &str,
        operation: &Value,
        used: &mut BTreeSet<String>,
    ) -> Result<(), String> {
        let http = &operation["http"];
        let _ = write!(
            text,
            "\noperation {name}\n  http {} {}",
            word(&http["method"])?,
            word(&http["requestUri"])?
        );
        if let Some(status) = http["responseCode"].as_u64() {
            let _ = write!(text, " {status}");
        }
        text.push('\n');
        if operation["authtype"] == "none" {
            text.push_str("  unsigned\n");
        }
        for direction in ["input", "output"] {
            let Some(shape) = operation[direction]["shape"].as_str() else { continue };
            self.walk(shape, used)?;
            let _ = write!(text, "  {direction} {shape}");
            if let Some(wrapper) = operation[direction]["resultWrapper"].as_str() {
                let _ = write!(text, " in={wrapper}");
            }
            text.push('\n');
        }
        if let Some(errors) = operation["errors"].as_array() {
            let mut names =
                errors.iter().map(|error| word(&error["shape"])).collect::<Result<Vec<_>, _>>()?;
            names.sort_unstable();
            for name in &names {
                self.walk(name, used)?;
            }
            let _ = writeln!(text, "  errors {}", names.join(" "));
        }
        let page = &self.pages[name];
        if let (Some(input), Some(output)) = (page["input_token"].as_str(), page["output_token"].as_str()) {
            let _ = write!(text, "  page token={input} next={output}");
            if let Some(limit) = page["limit_key"].as_str() {
                let _ = write!(text, " limit={limit}");
            }
            text.push('\n');
        }
        Ok(())
    }

    fn walk(&self, name: &str, used: &mut BTreeSet<String>) -> Result<(), String> {
        if !used.insert(name.to_owned()) {
            return Ok(());
        }
        let shape = &self.model["shapes"][name];
        for part in ["member", "key", "value"] {
            if let Some(name) = shape[part]["shape"].as_str() {
                self.walk(name, used)?;
            }
        }
        if let Some(members) = shape["members"].as_object() {
            for member in members.values().filter(|member| !self.is_error(member)) {
                self.walk(word(&member["shape"])?, used)?;
            }
        }
        Ok(())
    }

    /// An event stream holds errors among its events; they are not members of a value.
    fn is_error(&self, member: &Value) -> bool {
        member["shape"].as_str().is_some_and(|name| self.model["shapes"][name]["exception"] == true)
    }

    fn shape(&self, text: &mut String, name: &str) -> Result<(), String> {
        let shape = object(&self.model["shapes"][name])?;
        refuse_unknown(name, shape, SHAPE_WORDS)?;
        let kind = word(shape.get("type").unwrap_or(&Value::Null))?;
        let kind = match kind {
            "structure" if shape.contains_key("exception") => "error",
            "structure" if shape.contains_key("document") => "document",
            other => other,
        };
        let _ = write!(text, "\n{kind} {name}");
        if kind == "error" {
            let error = &shape.get("error").unwrap_or(&Value::Null);
            let fault = shape.contains_key("fault");
            let status = error["httpStatusCode"].as_u64().unwrap_or(if fault { 500 } else { 400 });
            let _ = write!(text, " status={status}");
            if let Some(code) = error["code"].as_str() {
                let _ = write!(text, " code={code}");
            }
        }
        for part in ["member", "key", "value"] {
            if let Some(of) = shape.get(part) {
                refuse_unknown(name, object(of)?, &["shape"])?;
                let _ = write!(text, " {part}={}", word(&of["shape"])?);
            }
        }
        for bound in ["min", "max"] {
            if let Some(value) = shape.get(bound) {
                let _ = write!(text, " {bound}={value}");
            }
        }
        if let Some(payload) = shape.get("payload").and_then(Value::as_str) {
            let _ = write!(text, " payload={payload}");
        }
        for flag in ["sensitive", "union", "streaming", "eventstream"] {
            if shape.get(flag) == Some(&Value::Bool(true)) {
                let _ = write!(text, " {flag}");
            }
        }
        text.push('\n');
        if let Some(pattern) = shape.get("pattern").and_then(Value::as_str) {
            let _ = writeln!(text, "  pattern {pattern}");
        }
        if let Some(values) = shape.get("enum").and_then(Value::as_array) {
            let values = values.iter().map(word).collect::<Result<Vec<_>, _>>()?;
            let _ = writeln!(text, "  enum {}", values.join(" "));
        }
        let required = shape.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
        if let Some(members) = shape.get("members").filter(|_| kind != "document") {
            for (member, of) in object(members)?.iter().filter(|(_, of)| !self.is_error(of)) {
                refuse_unknown(member, object(of)?, MEMBER_WORDS)?;
                let _ = write!(text, "  {member} {}", word(&of["shape"])?);
                if required.iter().any(|name| name == member.as_str()) {
                    text.push_str(" required");
                }
                if let Some(location) = of["location"].as_str() {
                    let _ = write!(text, " {location}={}", of["locationName"].as_str().unwrap_or(member));
                }
                text.push('\n');
            }
        }
        Ok(())
    }
}

const SHAPE_WORDS: &[&str] = &[
    "type",
    "members",
    "required",
    "documentation",
    "exception",
    "error",
    "fault",
    "synthetic",
    "sensitive",
    "min",
    "max",
    "pattern",
    "enum",
    "member",
    "key",
    "value",
    "document",
    "union",
    "streaming",
    "eventstream",
    "event",
    "payload",
    "box",
    "deprecated",
    "deprecatedMessage",
];
const MEMBER_WORDS: &[&str] = &[
    "shape",
    "documentation",
    "location",
    "locationName",
    "box",
    "deprecated",
    "deprecatedMessage",
    "deprecatedSince",
    "idempotencyToken",
    "eventpayload",
];

/// A model that says something the tables have no word for must not pass unnoticed.
fn refuse_unknown(name: &str, of: &Map<String, Value>, words: &[&str]) -> Result<(), String> {
    match of.keys().find(|key| !words.contains(&key.as_str())) {
        Some(key) => Err(format!("{name}: the tables have no word for '{key}'")),
        None => Ok(()),
    }
}

fn object(value: &Value) -> Result<&Map<String, Value>, String> {
    value.as_object().ok_or_else(|| format!("an object was expected: {value}"))
}

/// Text without white space, fit to stand as one word in a table.
fn word(value: &Value) -> Result<&str, String> {
    match value.as_str() {
        Some(text) if !text.is_empty() && !text.contains(char::is_whitespace) => Ok(text),
        _ => Err(format!("a word was expected: {value}")),
    }
}

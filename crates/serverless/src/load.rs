//! A service's configuration is found, read, resolved and checked.

use std::path::Path;

use crate::{
    compile,
    diagnostics::{Diagnostic, Report, Severity},
    files::{Files, has_extension},
    node::{Entry, Map, Node, Value},
    plugins, schema,
    service::{Function, Options, Service},
    variables::{self, Given},
};

/// Lambda's limit (AWS Lambda API Reference, "CreateFunction", `FunctionName`).
const LONGEST_FUNCTION_NAME: usize = 64;
const CONFIG_FILES: [&str; 3] = ["serverless.yml", "serverless.yaml", "serverless.json"];

/// Reads the service in `folder`. Nothing outside it is touched but what its `file` variables name.
pub fn load(folder: &Path, options: Options) -> Result<Service, Box<Report>> {
    let mut files = Files::new(folder);
    let mut problems = Vec::new();
    let mut needs_account = false;
    let service = read(&mut files, options, &mut problems, &mut needs_account);
    if let Some(service) = &service {
        compile::check(service, &mut problems);
    }
    let mut report = Report { sources: files.sources, diagnostics: problems, needs_account };
    report.sort();
    match service {
        Some(mut service) if !report.has_errors() => {
            service.report = report;
            Ok(service)
        }
        _ => Err(Box::new(report)),
    }
}

fn read(
    files: &mut Files,
    options: Options,
    problems: &mut Vec<Diagnostic>,
    needs_account: &mut bool,
) -> Option<Service> {
    let config_file = find_config(&files.folder, options.config.as_deref(), problems)?;
    let root = match files.document(&config_file, problems) {
        Ok(Some(root)) => root,
        Ok(None) => {
            problems.push(Diagnostic::error(None, format!("there is no file {config_file}")));
            return None;
        }
        Err(reason) => {
            problems.extend(reason.map(|reason| Diagnostic::error(None, reason)));
            return None;
        }
    };
    if root.as_map().is_none() {
        let message =
            format!("{config_file} is {}, expected an object with 'service', 'provider' …", root.kind());
        problems.push(Diagnostic::error(root.place, message));
        return None;
    }
    let (stage, region) = (options.stage.clone(), options.region.clone());
    let resolved = variables::resolve(root, files, given(&options), problems);
    *needs_account = resolved.needs_account;
    let mut root = resolved.root;
    put_in_shape(&mut root, problems);
    let mut complaints = Vec::new();
    schema::check(&schema::SERVICE, &mut root, "", &mut complaints);
    plugins::check(&root, &mut complaints);
    apply_validation_mode(&root, &mut complaints);
    problems.append(&mut complaints);

    let name = root.get("service").and_then(Node::as_text).unwrap_or_default().to_owned();
    let provider = root.get("provider").cloned().unwrap_or_else(|| Node::new(Value::Null, root.place));
    let words = |key: &str| provider.get(key).and_then(Node::as_text).filter(|text| !text.is_empty());
    let stage = stage.filter(|text| !text.is_empty()).or(words("stage").map(str::to_owned));
    let region = region.filter(|text| !text.is_empty()).or(words("region").map(str::to_owned));
    let stage = stage.unwrap_or_else(|| String::from("dev"));
    let functions = functions(&root, &name, &stage, problems);
    Some(Service {
        name,
        stage,
        region: region.unwrap_or_else(|| String::from("us-east-1")),
        folder: files.folder.clone(),
        config_file,
        functions,
        now_millis: options.now_millis,
        root,
        provider,
        report: Report::default(),
    })
}

fn given(options: &Options) -> Given {
    let mut named = std::collections::BTreeMap::new();
    let known = [("stage", &options.stage), ("region", &options.region), ("config", &options.config)];
    for (name, value) in known {
        if let Some(value) = value {
            named.insert(name.to_owned(), value.clone());
        }
    }
    Given {
        options: named,
        params: options.params.iter().cloned().collect(),
        env: options.env.iter().cloned().collect(),
        account_id: options.account_id.clone(),
        instance_id: options.now_millis.to_string(),
    }
}

fn find_config(folder: &Path, given: Option<&str>, problems: &mut Vec<Diagnostic>) -> Option<String> {
    let scripts = ["ts", "js", "cjs", "mjs"];
    let name = match given {
        Some(name) => Some(name.to_owned()),
        None => CONFIG_FILES.iter().find(|name| folder.join(name).is_file()).map(|name| (*name).to_owned()),
    };
    match name {
        Some(name) if has_extension(&name, &scripts) => {
            let problem =
                Diagnostic::error(None, format!("{name} would have to be run to know what it says"))
                    .help("write the configuration in YAML or JSON; 'serverless print' writes one out");
            problems.push(problem);
            None
        }
        Some(name) => Some(name),
        None => {
            let script = scripts
                .iter()
                .map(|ext| format!("serverless.{ext}"))
                .find(|name| folder.join(name).is_file());
            match script {
                Some(script) => return find_config(folder, Some(&script), problems),
                None => problems.push(
                    Diagnostic::error(None, format!("there is no serverless.yml in {}", folder.display()))
                        .help("run this in the service's folder, or name the folder"),
                ),
            }
            None
        }
    }
}

/// The long forms of what may be written shortly: the service's name, the provider's, lists of functions or resources.
fn put_in_shape(root: &mut Node, problems: &mut Vec<Diagnostic>) {
    let Value::Map(map) = &mut root.value else { return };
    for entry in &mut map.entries {
        let node = &mut entry.value;
        match (entry.key.as_str(), &node.value) {
            ("service", Value::Map(_)) => {
                if let Some(name) = node.get("name").cloned() {
                    *node = name;
                }
            }
            ("provider", Value::Text(_)) => {
                let name =
                    Entry { key: String::from("name"), key_place: entry.key_place, value: node.clone() };
                *node = Node::new(Value::Map(Map { entries: vec![name] }), node.place);
            }
            ("functions" | "resources", Value::List(_)) => merge_list(&entry.key, node, problems),
            _ => {}
        }
    }
}

fn merge_list(key: &str, node: &mut Node, problems: &mut Vec<Diagnostic>) {
    let Value::List(items) = std::mem::replace(&mut node.value, Value::Map(Map::default())) else { return };
    for item in items {
        match item.value {
            Value::Map(_) => node.merge(item),
            Value::Null | Value::Broken => {}
            _ => problems.push(Diagnostic::error(
                item.place,
                format!("'{key}' is a list with {} in it, expected objects", item.kind()),
            )),
        }
    }
}

/// `configValidationMode`: what is a warning otherwise may be an error, or nothing at all.
fn apply_validation_mode(root: &Node, complaints: &mut Vec<Diagnostic>) {
    match root.get("configValidationMode").and_then(Node::as_text) {
        Some("error") => {
            for complaint in complaints.iter_mut() {
                complaint.severity = Severity::Error;
            }
        }
        Some("off") => complaints.retain(|complaint| complaint.severity == Severity::Error),
        _ => {}
    }
}

fn functions(root: &Node, service: &str, stage: &str, problems: &mut Vec<Diagnostic>) -> Vec<Function> {
    let mut found: Vec<Function> = Vec::new();
    let entries = root.get("functions").and_then(Node::as_map).map(|map| map.entries.as_slice());
    for entry in entries.unwrap_or_default() {
        let (key, node) = (entry.key.clone(), &entry.value);
        if node.as_map().is_none() {
            continue;
        }
        if !key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
            let message = format!("'{key}' is not a function's name: letters, digits, '-' and '_' are");
            problems.push(Diagnostic::error(entry.key_place, message));
        }
        let name = match node.get("name").and_then(Node::as_text) {
            Some(name) => name.to_owned(),
            None => format!("{service}-{stage}-{key}"),
        };
        if name.len() > LONGEST_FUNCTION_NAME {
            let message = format!(
                "the function would be called '{name}', longer than {LONGEST_FUNCTION_NAME} characters"
            );
            problems.push(Diagnostic::error(entry.key_place, message).help("give it a shorter 'name'"));
        }
        if let Some(twin) = found.iter().find(|known| known.name == name) {
            let message = format!("two functions would be called '{name}'");
            problems
                .push(Diagnostic::error(entry.key_place, message).also(twin.place, "this is the other one"));
        }
        if node.get("handler").is_none() && node.get("image").is_none() {
            let message = format!("the function '{key}' needs a 'handler'");
            problems.push(
                Diagnostic::error(entry.key_place, message).help("for example: handler: handler.hello"),
            );
        }
        let path = format!("functions.{key}.events");
        let events =
            node.get("events").map(|events| schema::events(events, &path, problems)).unwrap_or_default();
        found.push(Function { key, name, node: node.clone(), place: entry.key_place, events });
    }
    found
}

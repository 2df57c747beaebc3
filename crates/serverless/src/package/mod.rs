//! What goes up: a zip of the service, or one of each function (Serverless Framework v3, "Packaging").

mod archive;
mod dev_dependencies;
mod handler;
mod patterns;
mod walk;

use std::{collections::BTreeMap, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

use crate::{
    diagnostics::Diagnostic,
    node::Node,
    service::{Function, Service},
};
use patterns::{Rule, Selection};
use walk::Found;

/// A zip that functions run from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// `<service>.zip`, `<function>.zip`, or the name of a ready-made one.
    pub file_name: String,
    pub bytes: Arc<Vec<u8>>,
    /// Base64, as Lambda's `CodeSha256`.
    pub sha256: String,
}

impl Artifact {
    fn new(file_name: String, bytes: Vec<u8>) -> Self {
        let sha256 = STANDARD.encode(Sha256::digest(&bytes));
        Self { file_name, bytes: Arc::new(bytes), sha256 }
    }
}

/// All artifacts, and which function runs from which.
#[derive(Debug, Default)]
pub struct Packed {
    pub artifacts: Vec<Artifact>,
    /// Function key to index.
    pub of_function: BTreeMap<String, usize>,
}

/// The largest package Lambda takes, unzipped (AWS Lambda Developer Guide, "Lambda quotas").
const LARGEST_UNZIPPED: u64 = 262_144_000;

/// Packs every function of `service`.
pub fn pack(service: &Service, problems: &mut Vec<Diagnostic>) -> Packed {
    let mut packer = Packer { service, packed: Packed::default(), files: None, dev: None, shared: None };
    for function in &service.functions {
        if let Some(index) = packer.function(function, problems) {
            packer.packed.of_function.insert(function.key.clone(), index);
        }
    }
    packer.packed
}

struct Packer<'a> {
    service: &'a Service,
    packed: Packed,
    /// The folder is walked, and its development dependencies are worked out, once and when needed.
    files: Option<Arc<Vec<Found>>>,
    dev: Option<Arc<Vec<String>>>,
    /// The service's own artifact, with the files in it.
    shared: Option<Option<(usize, Arc<Vec<Found>>)>>,
}

impl Packer<'_> {
    fn function(&mut self, function: &Function, problems: &mut Vec<Diagnostic>) -> Option<usize> {
        let service = self.service.root.get("package");
        let own = function.node.get("package");
        let flag =
            |node: Option<&Node>, key: &str| node.and_then(|node| node.get(key)).is_some_and(Node::is_truthy);
        if let Some(artifact) = own.and_then(|node| node.get("artifact")) {
            return self.ready_made(artifact, problems);
        }
        let individually = flag(own, "individually") || flag(service, "individually");
        if let Some(artifact) =
            service.and_then(|node| node.get("artifact")).filter(|_| !flag(own, "individually"))
        {
            return self.ready_made(artifact, problems);
        }
        if !individually {
            let (index, files) = match &self.shared {
                Some(shared) => shared.clone()?,
                None => {
                    let name = format!("{}.zip", self.service.name);
                    let made = self.zip(None, name, problems);
                    self.shared = Some(made.clone());
                    made?
                }
            };
            handler::check(self.service, function, &files, problems);
            return Some(index);
        }
        let (index, files) = self.zip(Some(function), format!("{}.zip", function.key), problems)?;
        handler::check(self.service, function, &files, problems);
        Some(index)
    }

    fn zip(
        &mut self,
        function: Option<&Function>,
        file_name: String,
        problems: &mut Vec<Diagnostic>,
    ) -> Option<(usize, Arc<Vec<Found>>)> {
        let rules = self.rules(function, problems)?;
        let all = self.files(problems)?;
        let selection = Selection::new(&rules, problems)?;
        let files: Vec<Found> = all.iter().filter(|found| selection.takes(&found.path)).cloned().collect();
        let place = function.map_or(self.service.root.place, |function| function.place);
        if files.is_empty() {
            problems.push(
                Diagnostic::error(
                    place,
                    format!("{file_name} would be empty: no file is left by package.patterns"),
                )
                .help("patterns are read in order, and the last one that fits a file decides"),
            );
            return None;
        }
        let size: u64 = files.iter().map(|file| file.size).sum();
        if size > LARGEST_UNZIPPED {
            let message = format!(
                "{file_name} would hold {} MB in {} files; Lambda takes {} MB",
                size / 1_048_576,
                files.len(),
                LARGEST_UNZIPPED / 1_048_576
            );
            problems.push(
                Diagnostic::error(place, message).help("leave files out with package.patterns: ['!data/**']"),
            );
            return None;
        }
        if let Some(file) = files
            .iter()
            .find(|file| file.path.rsplit('/').next().is_some_and(|name| name.starts_with(".env")))
        {
            let message = format!("{file_name} takes {} along, which often holds secrets", file.path);
            problems.push(
                Diagnostic::warning(place, message).help("leave it out with package.patterns: ['!**/.env*']"),
            );
        }
        match archive::zip(&self.service.folder, &files) {
            Ok(bytes) => Some((self.add(Artifact::new(file_name, bytes)), Arc::new(files))),
            Err(reason) => {
                problems.push(Diagnostic::error(place, format!("{file_name} cannot be made: {reason}")));
                None
            }
        }
    }

    fn add(&mut self, artifact: Artifact) -> usize {
        if let Some(index) = self.packed.artifacts.iter().position(|known| *known == artifact) {
            return index;
        }
        self.packed.artifacts.push(artifact);
        self.packed.artifacts.len() - 1
    }

    fn ready_made(&mut self, node: &Node, problems: &mut Vec<Diagnostic>) -> Option<usize> {
        let path = node.as_text()?;
        if path.starts_with("s3://") {
            problems
                .push(Diagnostic::error(node.place, "an artifact in S3 is not fetched: give a file's path"));
            return None;
        }
        match archive::read(&self.service.folder.join(path)) {
            Ok(bytes) => {
                let name = path.rsplit('/').next().unwrap_or(path).to_owned();
                Some(self.add(Artifact::new(name, bytes)))
            }
            Err(reason) => {
                problems.push(Diagnostic::error(
                    node.place,
                    format!("the artifact {path} cannot be used: {reason}"),
                ));
                None
            }
        }
    }

    fn files(&mut self, problems: &mut Vec<Diagnostic>) -> Option<Arc<Vec<Found>>> {
        if self.files.is_none() {
            match walk::files(&self.service.folder, problems) {
                Ok(files) => self.files = Some(Arc::new(files)),
                Err(reason) => problems.push(Diagnostic::error(self.service.root.place, reason)),
            }
        }
        self.files.clone()
    }

    /// Which files go in, in the order the rules are read: the last that fits a file decides.
    fn rules(&mut self, function: Option<&Function>, problems: &mut Vec<Diagnostic>) -> Option<Vec<Rule>> {
        let service = self.service.root.get("package").cloned();
        let own = function.and_then(|function| function.node.get("package")).cloned();
        let words =
            |node: &Option<Node>, key: &str| patterns::written(node.as_ref().and_then(|node| node.get(key)));
        let mut excludes: Vec<Rule> = patterns::ALWAYS_OUT.iter().map(|pattern| Rule::out(pattern)).collect();
        excludes.push(Rule::out(&self.service.config_file));
        let local = self.service.root.at("plugins.localPath").and_then(Node::as_text);
        excludes.extend(local.map(Rule::out));
        excludes.extend(words(&service, "exclude").into_iter().map(Rule::excluded));
        if self.service.root.get("useDotenv").is_some_and(Node::is_truthy) {
            excludes.push(Rule::out(".env*"));
        }
        excludes.extend(words(&own, "exclude").into_iter().map(Rule::excluded));
        let mut includes = words(&service, "include");
        includes.extend(words(&service, "patterns"));
        includes.extend(words(&own, "include"));
        includes.extend(words(&own, "patterns"));
        let mut rules = patterns::once_each(excludes);
        rules.extend(patterns::once_each(includes));
        let prune =
            service.as_ref().and_then(|node| node.get("excludeDevDependencies")).is_none_or(Node::is_truthy);
        if prune {
            let dev = match &self.dev {
                Some(dev) => dev.clone(),
                None => {
                    let files = self.files(problems)?;
                    let found = Arc::new(dev_dependencies::patterns(&self.service.folder, &files));
                    self.dev = Some(found.clone());
                    found
                }
            };
            rules.extend(dev.iter().map(|path| Rule::below(path)));
        }
        Some(rules)
    }
}

#[cfg(test)]
mod tests;

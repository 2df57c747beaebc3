//! Where a variable's value comes from: one function a source.

use super::{Failure, Outcome, Resolver, Site};
use crate::{
    diagnostics::Diagnostic,
    files::has_extension,
    node::{Entry, Map, Node, Value},
};

pub struct Asked<'a> {
    pub kind: &'a str,
    pub parameters: &'a [Node],
    pub address: Option<&'a str>,
    /// No fallback stands behind it.
    pub last: bool,
}

pub enum Answer {
    Found(Box<Node>),
    /// With the reason, for the case that no fallback has a value either.
    Nothing(String),
}

impl Answer {
    fn text(text: impl Into<String>, site: Site<'_>) -> Self {
        Self::Found(Box::new(Node { settled: false, ..Node::text(text, site.place) }))
    }

    fn maybe(node: Option<Node>, reason: impl FnOnce() -> String) -> Self {
        match node.filter(|node| !node.is_null()) {
            Some(node) => Self::Found(Box::new(node)),
            None => Self::Nothing(reason()),
        }
    }
}

/// Where other tools or clouds keep values that nothing here has.
const ELSEWHERE: [(&str, &str); 6] = [
    ("cf", "outputs of other stacks; use Fn::ImportValue"),
    ("output", "outputs kept by the Serverless Dashboard"),
    ("s3", "objects in S3"),
    ("ssm", "parameters and secrets of AWS Systems Manager"),
    ("git", "a plugin's view of the git repository"),
    ("terraform", "a plugin's view of Terraform's state"),
];

/// How many properties may wait for one another: it bounds how deep resolving recurses.
const LONGEST_CHAIN: usize = 64;

impl Resolver<'_> {
    pub(super) fn ask(&mut self, asked: &Asked<'_>, site: Site<'_>) -> Outcome<Answer> {
        match asked.kind {
            "self" => self.ask_self(asked.address.unwrap_or_default(), site),
            "opt" => Ok(self.ask_opt(asked.address, site)),
            "env" => self.ask_env(asked.address, site),
            "param" => self.ask_param(asked.address, site),
            "file" => self.ask_file(asked, site),
            "sls" => self.ask_sls(asked.address, site),
            "aws" => self.ask_aws(asked.address, site),
            "strToBool" => str_to_bool(asked.parameters, site),
            other => self.ask_elsewhere(other, asked.last, site),
        }
    }

    /// Another place in the same configuration, which is resolved first.
    fn ask_self(&mut self, address: &str, site: Site<'_>) -> Outcome<Answer> {
        let path: Vec<String> = address.split('.').filter(|key| !key.is_empty()).map(str::to_owned).collect();
        for length in 1..=path.len() {
            let prefix = &path[..length];
            let Some(node) = self.node(prefix) else { break };
            if node.as_text().is_some() && !node.settled {
                self.wait_for(prefix, site)?;
            }
        }
        let node = self.node(&path);
        if node.is_some_and(|node| !node.settled && (node.as_map().is_some() || node.as_list().is_some())) {
            self.wait_below(&path, site)?;
        }
        match self.node(&path).cloned() {
            Some(node) if contains_broken(&node) => Err(Failure::Said),
            node => Ok(Answer::maybe(node.map(|node| Node { settled: true, ..node }), || {
                format!("there is no '{address}' in the configuration")
            })),
        }
    }

    fn wait_for(&mut self, path: &[String], site: Site<'_>) -> Outcome<()> {
        if let Some(first) = self.busy.iter().position(|busy| busy == path) {
            let mut circle: Vec<String> = self.busy[first..].iter().map(|busy| busy.join(".")).collect();
            circle.push(path.join("."));
            let mut problem =
                Diagnostic::error(site.place, format!("a circle of variables: {}", circle.join(" → ")));
            for busy in self.busy.clone().iter().skip(first) {
                if let Some(node) = self.node(busy).filter(|node| node.place != site.place) {
                    problem = problem.also(node.place, format!("{} is defined here", busy.join(".")));
                }
            }
            return Err(problem.help("break it: one of them needs a value of its own").into());
        }
        if self.busy.len() >= LONGEST_CHAIN {
            let message = format!("more than {LONGEST_CHAIN} properties wait for one another");
            return Err(Diagnostic::error(site.place, message).into());
        }
        self.below(path, 0);
        Ok(())
    }

    fn wait_below(&mut self, path: &[String], site: Site<'_>) -> Outcome<()> {
        if let Some(busy) = self.busy.iter().find(|busy| busy.starts_with(path)).cloned() {
            return self.wait_for(&busy, site);
        }
        self.below(path, 0);
        Ok(())
    }

    fn ask_opt(&self, address: Option<&str>, site: Site<'_>) -> Answer {
        let Some(name) = address else {
            let entries = self.given.options.iter().map(|(key, value)| Entry {
                key: key.clone(),
                key_place: site.place,
                value: Node::text(value, site.place),
            });
            return Answer::Found(Box::new(Node::new(
                Value::Map(Map { entries: entries.collect() }),
                site.place,
            )));
        };
        match self.given.options.get(name) {
            Some(value) => Answer::text(value, site),
            None => Answer::Nothing(format!("the option --{name} was not given")),
        }
    }

    fn ask_env(&mut self, address: Option<&str>, site: Site<'_>) -> Outcome<Answer> {
        let name = needs_address("env", "the name of an environment variable", address, site)?;
        match self.given.env.get(name) {
            Some(value) => Ok(Answer::text(value, site)),
            None => {
                self.missing_env.insert(name.to_owned());
                Ok(Answer::Nothing(format!("the environment variable {name} is not set")))
            }
        }
    }

    /// `--param`, then the stage's `params`, then the default ones.
    fn ask_param(&mut self, address: Option<&str>, site: Site<'_>) -> Outcome<Answer> {
        let name = needs_address("param", "a parameter's name", address, site)?;
        if let Some(value) = self.given.params.get(name) {
            return Ok(Answer::text(value, site));
        }
        let stage = self.stage(site)?;
        for section in [stage.as_str(), "default"] {
            let address = format!("params.{section}");
            // A parameter's name may hold dots, so that its section is resolved and then looked into.
            if let Answer::Found(node) = self.ask_self(&address, site)?
                && let Some(node) = node.get(name)
            {
                return Ok(Answer::Found(Box::new(Node { settled: true, ..node.clone() })));
            }
        }
        Ok(Answer::Nothing(format!(
            "there is no parameter '{name}': give --param '{name}=…' or write it below params"
        )))
    }

    fn ask_sls(&mut self, address: Option<&str>, site: Site<'_>) -> Outcome<Answer> {
        match needs_address("sls", "'stage' or 'instanceId'", address, site)? {
            "stage" => Ok(Answer::text(self.stage(site)?, site)),
            "instanceId" => Ok(Answer::text(self.given.instance_id.clone(), site)),
            other => {
                let message = format!("there is no ${{sls:{other}}}: 'stage' and 'instanceId' are");
                Err(Diagnostic::error(site.place, message).into())
            }
        }
    }

    fn ask_aws(&mut self, address: Option<&str>, site: Site<'_>) -> Outcome<Answer> {
        match needs_address("aws", "'region' or 'accountId'", address, site)? {
            "region" => self
                .option_or("region", "provider.region", "us-east-1", site)
                .map(|region| Answer::text(region, site)),
            "accountId" => match &self.given.account_id {
                Some(account) => Ok(Answer::text(account.clone(), site)),
                None => {
                    self.needs_account = true;
                    Err(Diagnostic::error(
                        site.place,
                        "${aws:accountId} needs a server to ask, and none answered",
                    )
                    .into())
                }
            },
            other => {
                let message = format!("there is no ${{aws:{other}}}: 'region' and 'accountId' are");
                Err(Diagnostic::error(site.place, message).into())
            }
        }
    }

    fn ask_file(&mut self, asked: &Asked<'_>, site: Site<'_>) -> Outcome<Answer> {
        let Some(path) = asked.parameters.first().and_then(Node::as_text).filter(|path| !path.is_empty())
        else {
            return Err(Diagnostic::error(site.place, "which file? write ${file(path)}").into());
        };
        if has_extension(path, &["js", "cjs", "mjs", "ts"]) {
            let problem =
                Diagnostic::error(site.place, format!("{path} would have to be run to know what it says"))
                    .help("write its values in YAML or JSON, or pass them in with ${env:…} or --param");
            return Err(problem.into());
        }
        let missing = || format!("there is no file {path}");
        if !has_extension(path, &["yml", "yaml", "json", "tfstate"]) {
            return match self.files.text(path) {
                Ok(text) => {
                    Ok(text.map_or_else(|| Answer::Nothing(missing()), |(_, text)| Answer::text(text, site)))
                }
                Err(reason) => Err(Diagnostic::error(site.place, reason).into()),
            };
        }
        let document = match self.files.document(path, self.problems) {
            Ok(Some(document)) => document,
            Ok(None) => return Ok(Answer::Nothing(missing())),
            Err(Some(reason)) => return Err(Diagnostic::error(site.place, reason).into()),
            Err(None) => return Err(Failure::Said),
        };
        let mut node = document;
        for key in asked.address.unwrap_or_default().split('.').filter(|key| !key.is_empty()) {
            if node.as_text().is_some() {
                node = self.settle(node, site)?;
            }
            let next = match node.value {
                Value::Map(ref map) => map.get(key).cloned(),
                Value::List(ref items) => {
                    key.parse::<usize>().ok().and_then(|index| items.get(index).cloned())
                }
                _ => None,
            };
            match next {
                Some(next) => node = next,
                None => return Ok(Answer::Nothing(format!("there is no '{key}' in {path}"))),
            }
        }
        Ok(Answer::maybe(Some(node), || format!("{path} holds nothing there")))
    }

    /// With a fallback behind it, such a source counts as empty, which is what it is here.
    fn ask_elsewhere(&mut self, kind: &str, last: bool, site: Site<'_>) -> Outcome<Answer> {
        let known = ELSEWHERE.iter().find(|(name, _)| *name == kind);
        if let (Some((_, what)), false) = (known, last) {
            let message = format!("'{kind}' variables ({what}) are not looked up: the fallback is used");
            self.problems.push(Diagnostic::warning(site.place, message));
            return Ok(Answer::Nothing(format!("'{kind}' is not looked up")));
        }
        let message = match known {
            Some((_, what)) => format!("'{kind}' variables ({what}) are not supported"),
            None => format!("there is no variable source '{kind}'"),
        };
        Err(Diagnostic::error(site.place, message)
            .help("known are self, opt, env, file, param, sls, aws and strToBool")
            .into())
    }

    pub(super) fn stage(&mut self, site: Site<'_>) -> Outcome<String> {
        self.option_or("stage", "provider.stage", "dev", site)
    }

    fn option_or(&mut self, option: &str, address: &str, default: &str, site: Site<'_>) -> Outcome<String> {
        if let Some(value) = self.given.options.get(option).filter(|value| !value.is_empty()) {
            return Ok(value.clone());
        }
        match self.ask_self(address, site)? {
            Answer::Found(node) => {
                Ok(node.as_text().filter(|text| !text.is_empty()).unwrap_or(default).to_owned())
            }
            Answer::Nothing(_) => Ok(default.to_owned()),
        }
    }
}

fn str_to_bool(parameters: &[Node], site: Site<'_>) -> Outcome<Answer> {
    let text = match parameters.first().map(|node| &node.value) {
        Some(Value::Text(text)) => text.trim().to_lowercase(),
        Some(Value::Bool(flag)) => flag.to_string(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    let flag = match text.as_str() {
        "true" | "1" => true,
        "false" | "0" => false,
        other => {
            let message = format!("strToBool takes \"true\", \"false\", \"1\" or \"0\", not \"{other}\"");
            return Err(Diagnostic::error(site.place, message).into());
        }
    };
    Ok(Answer::Found(Box::new(Node { settled: true, ..Node::new(Value::Bool(flag), site.place) })))
}

fn needs_address<'a>(kind: &str, what: &str, address: Option<&'a str>, site: Site<'_>) -> Outcome<&'a str> {
    address
        .filter(|address| !address.is_empty())
        .ok_or_else(|| Diagnostic::error(site.place, format!("'{kind}' needs {what}: ${{{kind}:…}}")).into())
}

fn contains_broken(node: &Node) -> bool {
    match &node.value {
        Value::Broken => true,
        Value::List(items) => items.iter().any(contains_broken),
        Value::Map(map) => map.entries.iter().any(|entry| contains_broken(&entry.value)),
        _ => false,
    }
}

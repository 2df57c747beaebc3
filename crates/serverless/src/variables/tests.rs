use std::fs;

use serde_json::{Value as Json, json};

use super::*;
use crate::{diagnostics::Report, yaml};

struct Setting {
    folder: tempfile::TempDir,
    given: Given,
}

impl Setting {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Self { folder, given: Given { instance_id: String::from("1700000000000"), ..Given::default() } }
    }

    fn option(mut self, name: &str, value: &str) -> Self {
        self.given.options.insert(name.to_owned(), value.to_owned());
        self
    }

    fn env(mut self, name: &str, value: &str) -> Self {
        self.given.env.insert(name.to_owned(), value.to_owned());
        self
    }

    fn resolve(&self, text: &str) -> (Json, String) {
        fs::write(self.folder.path().join("serverless.yml"), text).unwrap();
        let mut files = Files::new(self.folder.path());
        let mut diagnostics = Vec::new();
        let (file, text) = files.text("serverless.yml").unwrap().unwrap();
        let root = yaml::read(&text, file, &mut diagnostics).unwrap();
        let resolved = super::resolve(root, &mut files, self.given.clone(), &mut diagnostics);
        let report = Report { sources: files.sources, diagnostics, needs_account: false };
        (resolved.root.to_json(), report.to_string())
    }
}

#[test]
fn the_posts_stage_and_everything_it_feeds() {
    let text = "custom:\n  defaultStage: dev\n  mem: {dev: 128, beta: 512}\nprovider:\n  stage: ${opt:stage, self:custom.defaultStage}\n  memorySize: ${self:custom.mem.${self:provider.stage}}\nname: pool-${sls:stage}-${aws:region}\n";
    let (json, problems) = Setting::new(&[]).resolve(text);
    assert_eq!(problems, "");
    assert_eq!(json["provider"], json!({"stage": "dev", "memorySize": 128}));
    assert_eq!(json["name"], "pool-dev-us-east-1");
    let (json, _) = Setting::new(&[]).option("stage", "beta").option("region", "eu-west-1").resolve(text);
    assert_eq!(json["provider"]["memorySize"], 512);
    assert_eq!(json["name"], "pool-beta-eu-west-1");
}

#[test]
fn files_bring_objects_keys_and_text() {
    let setting = Setting::new(&[
        (
            "config/dev.yml",
            "table:\n  name: ${self:service}-t\n  inner: ${file(config/more.json)}\nlist: [a, '${opt:x, ''y''}']\n",
        ),
        ("config/more.json", "{\"deep\": {\"er\": [1, {\"x\": \"${sls:stage}\"}]}}"),
        ("note.txt", "hello ${self:service}"),
    ]);
    let (json, problems) = setting.resolve(concat!(
        "service: svc\nall: ${file(./config/${sls:stage}.yml)}\n",
        "name: ${file(config/dev.yml):table.name}\nthrough: ${file(config/dev.yml):table.inner.deep.er.1.x}\n",
        "note: ${file(note.txt)}\nnone: ${file(none.yml), 'fallback'}\nreach: ${self:all.table.inner.deep.er}\n"
    ));
    assert_eq!(problems, "");
    assert_eq!(json["all"]["table"]["name"], "svc-t");
    assert_eq!(json["all"]["list"], json!(["a", "y"]));
    assert_eq!(json["name"], "svc-t");
    assert_eq!(json["through"], "dev");
    assert_eq!(json["note"], "hello svc");
    assert_eq!(json["none"], "fallback");
    assert_eq!(json["reach"], json!([1, {"x": "dev"}]));
}

#[test]
fn environment_parameters_and_switches() {
    let setting = Setting::new(&[]).env("A", "from env").env("FLAG", "True");
    let (json, problems) = setting.resolve(concat!(
        "params:\n  default: {domain: 'x.${sls:stage}.example', n: 3}\n  dev: {n: 4}\n",
        "a: ${env:A}\nb: ${env:B, 'none'}\nc: ${strToBool(${env:FLAG})}\nd: ${param:domain}\nn: ${param:n}\n",
        "e: 'id-${sls:instanceId}'\nf: ${opt:x, null}\n"
    ));
    assert_eq!(problems, "");
    assert_eq!(
        [&json["a"], &json["b"], &json["c"], &json["d"], &json["n"], &json["e"], &json["f"]],
        [
            &json!("from env"),
            &json!("none"),
            &json!(true),
            &json!("x.dev.example"),
            &json!(4),
            &json!("id-1700000000000"),
            &Json::Null
        ]
    );
}

#[test]
fn a_circle_is_shown_with_its_path() {
    let (_, problems) = Setting::new(&[]).resolve(
        "custom:\n  a: ${self:custom.b}\n  b: x${self:custom.c}\n  c: ${self:custom.a}\nself: ${self:self}\n",
    );
    assert!(
        problems.contains(
            "serverless.yml:4:6: error: a circle of variables: custom.a → custom.b → custom.c → custom.a"
        ),
        "{problems}"
    );
    assert!(problems.contains("5:7: error: a circle of variables: self → self"), "{problems}");
    assert_eq!(problems.lines().count(), 2, "{problems}");
    let (_, problems) = Setting::new(&[]).resolve("custom:\n  all: ${self:custom}\n");
    assert!(problems.contains("a circle of variables: custom.all → custom.all"), "{problems}");
}

#[test]
fn what_cannot_be_resolved_is_named_all_at_once() {
    let (_, problems) = Setting::new(&[]).resolve(concat!(
        "a: ${self:custom.none}\nb: ${opt:x, env:Y}\nc: ${ssm:/x}\nd: ${nope:x}\ne: ${file(x.js)}\nf: ${self:a\n",
        "g: pre-${self:h}\nh: [1]\ni: ${ssm:/x, 'kept'}\nj: ${self:b}\n"
    ));
    for expected in [
        "1:4: error: cannot resolve ${self:custom.none} at 'a': there is no 'custom.none' in the configuration",
        "2:4: error: cannot resolve ${opt:x, env:Y} at 'b': the option --x was not given; the environment variable Y",
        "3:4: error: 'ssm' variables",
        "4:4: error: there is no variable source 'nope'",
        "5:4: error: x.js would have to be run",
        "6:4: error: the variable is not closed",
        "7:8: error: ${self:h} is a list",
        "9:4: warning: 'ssm' variables",
    ] {
        assert!(problems.contains(expected), "{expected} in\n{problems}");
    }
    assert_eq!(problems.lines().count(), 8, "{problems}");
}

#[test]
fn a_file_that_keeps_growing_is_stopped() {
    let (_, problems) = Setting::new(&[("x.yml", "a: ${file(x.yml)}\n")]).resolve("a: ${file(x.yml)}\n");
    assert!(problems.contains("deep") || problems.contains("made more than"), "{problems}");
    let mut text = String::from("v0: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n");
    for level in 1..40 {
        let below = level - 1;
        text.push_str(&format!("v{level}: ${{self:v{below}}}${{self:v{below}}}\n"));
    }
    let (_, problems) = Setting::new(&[]).resolve(&text);
    assert!(problems.contains("resolving made more than"), "{problems}");
}

#[test]
fn a_long_chain_is_refused_before_the_stack_is_used_up() {
    let chain = |length: usize| {
        let links = (0..length).rev().map(|at| format!("v{}: ${{self:v{at}}}\n", at + 1));
        links.collect::<String>() + "v0: end\n"
    };
    assert_eq!(Setting::new(&[]).resolve(&chain(60)).0["v60"], "end");
    assert!(Setting::new(&[]).resolve(&chain(5000)).1.contains("wait for one another"));
}

#[test]
fn dotenv_adds_what_is_not_set() {
    let setting =
        Setting::new(&[(".env", "A=file\nB=\"two words\"\n"), (".env.beta", "A=beta\n")]).env("C", "set");
    let text = "useDotenv: true\na: ${env:A}\nb: ${env:B, 'no'}\nc: ${env:C}\n";
    let (json, problems) = setting.resolve(text);
    assert_eq!(problems, "");
    assert_eq!([&json["a"], &json["b"], &json["c"]], ["file", "two words", "set"]);
    let (json, _) = Setting::new(&[(".env", "A=file\n"), (".env.beta", "A=beta\n")])
        .option("stage", "beta")
        .resolve(text);
    assert_eq!(json["a"], "beta");
}

#[test]
fn cloudformations_own_are_kept_and_escapes_taken_off() {
    let (json, problems) = Setting::new(&[])
        .resolve("service: s\na: 'arn:${AWS::Region}:${self:service}'\nb: '\\${self:x}'\nc: ${self:b}\n");
    assert_eq!(problems, "");
    assert_eq!(json["a"], "arn:${AWS::Region}:s");
    assert_eq!(json["b"], "${self:x}");
    assert_eq!(json["c"], "${self:x}");
}

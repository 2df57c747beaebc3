use std::{fs, path::Path};

use crate::{Compiled, Options, compile, load};

struct Folder(tempfile::TempDir);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            write(folder.path(), name, text);
        }
        Self(folder)
    }

    fn compile(&self) -> Result<Compiled, String> {
        let service = load(self.0.path(), Options { now_millis: 1_700_000_000_000, ..Options::default() })
            .map_err(|report| report.to_string())?;
        compile(&service).map_err(|report| report.to_string())
    }

    fn names(&self, artifact: usize) -> Vec<String> {
        let compiled = self.compile().unwrap();
        let bytes = compiled.artifacts[artifact].bytes.as_slice();
        let archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
        let mut names: Vec<String> = archive.file_names().map(str::to_owned).collect();
        names.sort();
        names
    }
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

const SERVICE: &str =
    "service: svc\nprovider: {name: aws, runtime: nodejs20.x}\nfunctions: {a: {handler: handler.a}}\n";

#[test]
fn the_same_files_make_the_same_bytes_wherever_and_whenever() {
    let files = [("serverless.yml", SERVICE), ("handler.js", "x"), ("lib/b.js", "y"), ("lib/a.js", "z")];
    let one = Folder::new(&files);
    let mut reversed = files;
    reversed.reverse();
    std::thread::sleep(std::time::Duration::from_millis(20));
    let other = Folder::new(&reversed);
    let (one, other) = (one.compile().unwrap(), other.compile().unwrap());
    assert_eq!(one.artifacts, other.artifacts);
    assert_eq!(one.template_update, other.template_update);
}

#[test]
fn keys_repositories_and_earlier_packages_stay_at_home() {
    let folder = Folder::new(&[
        (
            "serverless.yml",
            &format!("{SERVICE}package: {{patterns: ['.poolhouse/**', '.env']}}\nuseDotenv: true\n"),
        ),
        ("handler.js", ""),
        (".poolhouse/master.key", "secret"),
        (".git/config", ""),
        (".serverless/old.zip", ""),
        (".env", "A=1"),
        (".env.dev", "A=1"),
    ]);
    assert_eq!(folder.names(0), [".env", "handler.js"]);
    let warnings = folder.compile().unwrap().report.to_string();
    assert!(warnings.contains("svc.zip takes .env along, which often holds secrets"), "{warnings}");
}

#[cfg(unix)]
#[test]
fn links_are_followed_inside_the_project_only() {
    use std::os::unix::fs::symlink;
    let folder = Folder::new(&[
        ("package.json", "{\"workspaces\": [\"*\"]}"),
        ("service/serverless.yml", SERVICE),
        ("service/handler.js", ""),
        ("shared/index.js", "1"),
        (".poolhouse/master.key", "secret"),
    ]);
    let service = folder.0.path().join("service");
    symlink("../shared", service.join("shared")).unwrap();
    symlink("/etc/hostname", service.join("host")).unwrap();
    symlink("../.poolhouse", service.join("keys")).unwrap();
    symlink("..", service.join("up")).unwrap();
    symlink("nowhere", service.join("broken")).unwrap();
    let loaded = load(&service, Options::default()).unwrap();
    let compiled = compile(&loaded).unwrap();
    let archive = zip::ZipArchive::new(std::io::Cursor::new(compiled.artifacts[0].bytes.as_slice())).unwrap();
    let mut names: Vec<&str> = archive.file_names().collect();
    names.sort_unstable();
    assert_eq!(names, ["handler.js", "shared/index.js", "up/package.json", "up/shared/index.js"]);
    let warnings = compiled.report.to_string();
    assert!(
        warnings.contains("host is not packaged: it is a link that leads out of the project"),
        "{warnings}"
    );
    assert!(warnings.contains("keys is not packaged"), "{warnings}");
}

#[test]
fn a_handler_that_is_not_there_is_told_at_its_line() {
    let text = |handler: &str| {
        format!(
            "service: svc\nprovider: {{name: aws, runtime: nodejs20.x}}\nfunctions:\n  a:\n    handler: {handler}\n"
        )
    };
    let told = |handler: &str, files: &[(&str, &str)], more: &str| {
        let text = text(handler) + more;
        let mut all = vec![("serverless.yml", text.as_str())];
        all.extend_from_slice(files);
        Folder::new(&all).compile().err().unwrap_or_default()
    };
    assert_eq!(told("src/h.a", &[("src/h.mjs", "")], ""), "");
    assert_eq!(told("./src/h.a", &[("src/h.js", "")], ""), "");
    let missing = told("src/g.a", &[("src/h.js", "")], "");
    assert!(
        missing
            .starts_with("serverless.yml:5:14: error: the handler of 'a' is in a file that does not exist"),
        "{missing}"
    );
    assert!(missing.contains("src/g.js, src/g.mjs, src/g.cjs"), "{missing}");
    assert!(told("handler", &[("handler.js", "")], "").contains("does not name a function"));
    assert!(told("h.a", &[("h.ts", "")], "").contains("h.ts is TypeScript"));
    let left_out = told("h.a", &[("h.js", ""), ("x.js", "")], "package: {patterns: ['!h.js']}\n");
    assert!(
        left_out.contains("5:14: error: h.js, which holds the handler of 'a', is not in its package"),
        "{left_out}"
    );
    assert!(told("h.a", &[("h.js", "")], "package: {patterns: ['!**']}\n").contains("would be empty"));
}

#[test]
fn a_ready_made_artifact_must_be_a_zip() {
    let folder = Folder::new(&[
        ("serverless.yml", &format!("{SERVICE}package: {{artifact: a.zip}}\n")),
        ("handler.js", ""),
    ]);
    assert!(folder.compile().unwrap_err().contains("4:21: error: the artifact a.zip cannot be used"));
    write(folder.0.path(), "a.zip", "no zip");
    assert!(folder.compile().unwrap_err().contains("it is not a zip"));
}

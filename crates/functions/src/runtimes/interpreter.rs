//! Finding the programs that run functions.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
    time::Duration,
};

use tokio::{process::Command, sync::OnceCell};

const ASKING_DEADLINE: Duration = Duration::from_secs(10);

#[derive(Clone, Debug)]
pub struct Interpreter {
    pub program: PathBuf,
    /// `20.11.1`.
    pub version: String,
    /// Its own folders, where it is not installed with the system.
    pub readable: Vec<PathBuf>,
}

#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct MissingInterpreter(pub String);

impl MissingInterpreter {
    pub fn not_here(runtime: &str) -> Self {
        Self(format!(
            "The runtime {runtime} cannot run on this server. Poolhouse runs nodejs, python3 and provided runtimes."
        ))
    }
}

/// Asked once each, when first needed; a program that was not found is looked for again.
pub struct Interpreters {
    search_path: Vec<PathBuf>,
    node: OnceCell<Arc<Interpreter>>,
}

impl Interpreters {
    pub fn new(search_path: &str) -> Self {
        Self { search_path: std::env::split_paths(search_path).collect(), node: OnceCell::new() }
    }

    pub async fn node(&self) -> Result<Arc<Interpreter>, MissingInterpreter> {
        let found = self.node.get_or_try_init(|| async {
            let question = "process.stdout.write([process.execPath, process.versions.node].join('\\n'))";
            for program in self.candidates(&["node", "nodejs"]) {
                if let Some(answer) = ask(&program, &["-e", question]).await
                    && let [program, version] = answer.lines().collect::<Vec<_>>().as_slice()
                {
                    let program = PathBuf::from(program);
                    let prefix = program.parent().and_then(Path::parent).map(Path::to_owned);
                    let readable = folders_of(prefix.as_deref());
                    return Ok(Arc::new(Interpreter { program, version: (*version).to_owned(), readable }));
                }
            }
            Err(MissingInterpreter(String::from(
                "This runtime needs Node.js, which is not installed where the server looks for programs (PATH). \
                 Install Node.js 18 or newer (https://nodejs.org, or `apt install nodejs`) and deploy again.",
            )))
        });
        found.await.cloned()
    }

    fn candidates(&self, names: &[&str]) -> Vec<PathBuf> {
        names
            .iter()
            .flat_map(|name| self.search_path.iter().map(move |folder| folder.join(name)))
            .filter(|path| path.is_file())
            .collect()
    }
}

/// What a program prints, where it can be run and ends well in time.
async fn ask(program: &Path, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(ASKING_DEADLINE, command.output()).await.ok()?.ok()?;
    if !output.status.success() {
        return None;
    }
    String::from_utf8(output.stdout).ok()
}

/// The folders of an installation of its own, such as a version manager's. The system's are readable anyway.
fn folders_of(prefix: Option<&Path>) -> Vec<PathBuf> {
    let Some(prefix) = prefix else { return Vec::new() };
    ["bin", "lib", "lib64", "include", "share"]
        .iter()
        .map(|folder| prefix.join(folder))
        .filter(|path| path.is_dir())
        .collect()
}

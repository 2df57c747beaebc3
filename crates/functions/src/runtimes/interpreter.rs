//! Finding the programs that run functions.

use std::{
    collections::BTreeMap,
    io::Read,
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
    time::Duration,
};

use tokio::{
    process::Command,
    sync::{Mutex, OnceCell},
};

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
    pythons: Mutex<BTreeMap<String, Arc<Interpreter>>>,
}

impl Interpreters {
    pub fn new(search_path: &str) -> Self {
        Self {
            search_path: std::env::split_paths(search_path).collect(),
            node: OnceCell::new(),
            pythons: Mutex::default(),
        }
    }

    pub async fn node(&self) -> Result<Arc<Interpreter>, MissingInterpreter> {
        let found = self.node.get_or_try_init(|| async {
            for program in self.candidates(&["node", "nodejs"]) {
                if let Some((program, version)) = ask_node(&program).await {
                    let prefix = program.parent().and_then(Path::parent).map(Path::to_owned);
                    let readable = folders_of(prefix.as_deref());
                    return Ok(Arc::new(Interpreter { program, version, readable }));
                }
            }
            Err(MissingInterpreter(String::from(
                "This runtime needs Node.js, which is not installed where the server looks for programs (PATH). \
                 Install Node.js 18 or newer (https://nodejs.org, or `apt install nodejs`) and deploy again.",
            )))
        });
        found.await.cloned()
    }

    /// The version that was asked for where it is installed; otherwise the Python 3 that is.
    pub async fn python(&self, runtime: &str) -> Result<Arc<Interpreter>, MissingInterpreter> {
        let mut known = self.pythons.lock().await;
        if let Some(python) = known.get(runtime) {
            return Ok(Arc::clone(python));
        }
        let question = "import sys; print('\\n'.join([sys.executable, '.'.join(map(str, sys.version_info[:3])), sys.prefix, sys.base_prefix]))";
        for program in self.candidates(&[runtime, "python3"]) {
            let Some(answer) = ask(&program, &["-c", question]).await else { continue };
            if let [program, version, prefix, base] = answer.lines().collect::<Vec<_>>().as_slice() {
                if !version.starts_with("3.") {
                    continue;
                }
                let mut readable = folders_of(Some(Path::new(prefix)));
                readable.extend(folders_of(Some(Path::new(base))));
                let python = Arc::new(Interpreter {
                    program: program.into(),
                    version: (*version).to_owned(),
                    readable,
                });
                known.insert(runtime.to_owned(), Arc::clone(&python));
                return Ok(python);
            }
        }
        Err(MissingInterpreter(String::from(
            "This runtime needs Python 3, which is not installed where the server looks for programs (PATH). Install it \
             (https://www.python.org, or `apt install python3`) and deploy again.",
        )))
    }

    fn candidates(&self, names: &[&str]) -> Vec<PathBuf> {
        names
            .iter()
            .flat_map(|name| self.search_path.iter().map(move |folder| folder.join(name)))
            .filter(|path| path.is_file())
            .collect()
    }
}

/// The program itself and its version. One that is a script, as version managers have them, knows where Node is; Node
/// itself tells its version without starting up.
async fn ask_node(program: &Path) -> Option<(PathBuf, String)> {
    let mut magic = [0; 4];
    let is_program = std::fs::File::open(program).and_then(|mut file| file.read_exact(&mut magic)).is_ok()
        && magic == *b"\x7fELF";
    if is_program {
        let version = ask(program, &["--version"]).await?;
        let program = program.canonicalize().ok()?;
        return Some((program, version.trim().strip_prefix('v')?.to_owned()));
    }
    let question = "process.stdout.write([process.execPath, process.versions.node].join('\\n'))";
    let answer = ask(program, &["-e", question]).await?;
    let (program, version) = answer.split_once('\n')?;
    Some((PathBuf::from(program), version.to_owned()))
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

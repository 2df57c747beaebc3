//! Runtimes: which of AWS's names run here, on what, and how a worker of each is started.

mod interpreter;

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

pub use interpreter::{Interpreter, Interpreters, MissingInterpreter};

/// Every runtime name that AWS has or had (`botocore` 1.44.5, lambda, `Runtime`), oldest first in each family.
pub const KNOWN: &[&str] = &[
    "nodejs",
    "nodejs4.3",
    "nodejs4.3-edge",
    "nodejs6.10",
    "nodejs8.10",
    "nodejs10.x",
    "nodejs12.x",
    "nodejs14.x",
    "nodejs16.x",
    "nodejs18.x",
    "nodejs20.x",
    "nodejs22.x",
    "nodejs24.x",
    "java8",
    "java8.al2",
    "java11",
    "java17",
    "java21",
    "java25",
    "python2.7",
    "python3.6",
    "python3.7",
    "python3.8",
    "python3.9",
    "python3.10",
    "python3.11",
    "python3.12",
    "python3.13",
    "python3.14",
    "dotnetcore1.0",
    "dotnetcore2.0",
    "dotnetcore2.1",
    "dotnetcore3.1",
    "dotnet6",
    "dotnet8",
    "dotnet10",
    "go1.x",
    "ruby2.5",
    "ruby2.7",
    "ruby3.2",
    "ruby3.3",
    "ruby3.4",
    "provided",
    "provided.al2",
    "provided.al2023",
];

const NODE_BOOTSTRAP: &str = include_str!("bootstrap.cjs");
const PYTHON_BOOTSTRAP: &str = include_str!("bootstrap.py");

/// What a runtime's name stands for here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuntimeSupport {
    /// On the installed Node.
    Node,
    /// On the installed Python 3.
    Python,
    /// On the `bootstrap` program in the package.
    Provided,
    /// One of AWS's, but this server cannot run it.
    NotHere,
    /// Not one of AWS's names.
    Unknown,
}

pub fn runtime_support(runtime: &str) -> RuntimeSupport {
    if !KNOWN.contains(&runtime) {
        RuntimeSupport::Unknown
    } else if runtime.starts_with("nodejs") {
        RuntimeSupport::Node
    } else if runtime.starts_with("python3.") {
        RuntimeSupport::Python
    } else if runtime.starts_with("provided") {
        RuntimeSupport::Provided
    } else {
        RuntimeSupport::NotHere
    }
}

/// How a worker's process is started.
#[derive(Clone, Debug)]
pub struct Launch {
    pub program: PathBuf,
    pub arguments: Vec<OsString>,
    pub environment: Vec<(String, String)>,
    /// What the program needs to read beside its package.
    pub readable: Vec<PathBuf>,
    /// `nodejs:20.11.1` and the like, for the log.
    pub version: String,
    /// The program brings a client of the Runtime API that wants an address.
    pub wants_address: bool,
}

/// The bootstraps, written where workers can read them.
pub struct Runtimes {
    folder: PathBuf,
    interpreters: Interpreters,
}

impl Runtimes {
    pub fn open(folder: PathBuf, search_path: &str) -> std::io::Result<Self> {
        std::fs::create_dir_all(&folder)?;
        write_once(&folder.join("bootstrap.cjs"), NODE_BOOTSTRAP)?;
        write_once(&folder.join("bootstrap.py"), PYTHON_BOOTSTRAP)?;
        Ok(Self { folder, interpreters: Interpreters::new(search_path) })
    }

    /// Whether `runtime` can run here, for an answer before anything is deployed on it.
    pub async fn check(&self, runtime: &str) -> Result<(), MissingInterpreter> {
        match runtime_support(runtime) {
            RuntimeSupport::Node => self.interpreters.node().await.map(|_| ()),
            RuntimeSupport::Python => self.interpreters.python(runtime).await.map(|_| ()),
            RuntimeSupport::Provided => Ok(()),
            RuntimeSupport::NotHere | RuntimeSupport::Unknown => Err(MissingInterpreter::not_here(runtime)),
        }
    }

    pub async fn launch(
        &self,
        runtime: &str,
        memory_mb: u32,
        package: &Path,
    ) -> Result<Launch, MissingInterpreter> {
        match runtime_support(runtime) {
            RuntimeSupport::Node => {
                let node = self.interpreters.node().await?;
                Ok(self.node(&node, memory_mb))
            }
            RuntimeSupport::Python => {
                let python = self.interpreters.python(runtime).await?;
                Ok(self.python(&python))
            }
            RuntimeSupport::Provided => Ok(Launch {
                program: package.join("bootstrap"),
                arguments: Vec::new(),
                environment: Vec::new(),
                readable: Vec::new(),
                version: runtime.replacen('.', ":", 1),
                wants_address: true,
            }),
            RuntimeSupport::NotHere | RuntimeSupport::Unknown => Err(MissingInterpreter::not_here(runtime)),
        }
    }

    /// Node keeps its heap below the function's memory, so that it collects garbage before the limit ends it.
    fn node(&self, node: &Interpreter, memory_mb: u32) -> Launch {
        let bootstrap = self.folder.join("bootstrap.cjs");
        let heap = memory_mb / 10 * 9;
        let mut readable = node.readable.clone();
        readable.push(bootstrap.clone());
        Launch {
            program: node.program.clone(),
            arguments: vec![
                format!("--max-old-space-size={heap}").into(),
                OsString::from("--max-http-header-size=81920"),
                bootstrap.into(),
            ],
            environment: vec![(
                String::from("NODE_PATH"),
                String::from("/opt/nodejs/node_modules:/var/runtime/node_modules"),
            )],
            readable,
            version: format!("nodejs:{}", node.version),
            wants_address: false,
        }
    }

    fn python(&self, python: &Interpreter) -> Launch {
        let bootstrap = self.folder.join("bootstrap.py");
        let mut readable = python.readable.clone();
        readable.push(bootstrap.clone());
        Launch {
            program: python.program.clone(),
            // No user site folder: it is not the function's.
            arguments: vec![OsString::from("-s"), bootstrap.into()],
            environment: vec![
                (String::from("PYTHONIOENCODING"), String::from("utf-8")),
                (String::from("PYTHONDONTWRITEBYTECODE"), String::from("1")),
            ],
            readable,
            version: format!("python:{}", python.version),
            wants_address: false,
        }
    }
}

/// Leaves a file that is right alone: workers may be reading it.
fn write_once(path: &Path, content: &str) -> std::io::Result<()> {
    if std::fs::read(path).is_ok_and(|there| there == content.as_bytes()) {
        return Ok(());
    }
    let beside = path.with_extension("new");
    std::fs::write(&beside, content)?;
    std::fs::rename(beside, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_names_run_on_the_installed_node() {
        assert_eq!(runtime_support("nodejs8.10"), RuntimeSupport::Node);
        assert_eq!(runtime_support("python3.9"), RuntimeSupport::Python);
        assert_eq!(runtime_support("python2.7"), RuntimeSupport::NotHere);
        assert_eq!(runtime_support("provided.al2023"), RuntimeSupport::Provided);
        assert_eq!(runtime_support("java21"), RuntimeSupport::NotHere);
        assert_eq!(runtime_support("nodejs99.x"), RuntimeSupport::Unknown);
    }
}

//! The service's folder, and every file read from it. Reading is all that is done: nothing is written or run.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, Read},
    path::{Component, Path, PathBuf},
};

use crate::{
    diagnostics::Diagnostic,
    node::Node,
    place::{FileId, Place, Sources},
    yaml::{self, LARGEST_FILE},
};

pub struct Files {
    pub folder: PathBuf,
    pub sources: Sources,
    documents: HashMap<String, Node>,
}

impl Files {
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), sources: Sources::default(), documents: HashMap::new() }
    }

    /// Text of the file at `path` (from the service's folder); `None` where there is none.
    pub fn text(&mut self, path: &str) -> Result<Option<(FileId, String)>, String> {
        let name = display_name(path);
        if let Some(id) = self.sources.find(&name) {
            return Ok(self.sources.get(id).map(|source| (id, source.text.clone())));
        }
        let bytes = match read_bounded(&self.folder.join(path)) {
            Ok(bytes) => bytes,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(error) => return Err(format!("cannot read {name}: {error}")),
        };
        let text = String::from_utf8(bytes).map_err(|_| format!("{name} is not text in UTF-8"))?;
        let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
        let id = self.sources.add(name, text.clone());
        Ok(Some((id, text)))
    }

    /// The document in a YAML or JSON file. Mistakes in it are pushed to `problems`; `Err(None)` says that nothing of it
    /// can be used.
    pub fn document(
        &mut self,
        path: &str,
        problems: &mut Vec<Diagnostic>,
    ) -> Result<Option<Node>, Option<String>> {
        let name = display_name(path);
        if let Some(node) = self.documents.get(&name) {
            return Ok(Some(node.clone()));
        }
        let Some((file, text)) = self.text(path).map_err(Some)? else { return Ok(None) };
        let node = if has_extension(path, &["json", "tfstate"]) {
            read_json(&text, file, problems)
        } else {
            yaml::read(&text, file, problems)
        };
        match node {
            Some(node) => {
                self.documents.insert(name, node.clone());
                Ok(Some(node))
            }
            None => Err(None),
        }
    }

    /// Where `written` stands in the text at `place`; all of `place` where it cannot be found.
    pub fn within(&self, place: Place, written: &str) -> Place {
        let Some(at) = self.sources.text(place).find(written) else { return place };
        let start = place.start + u32::try_from(at).unwrap_or_default();
        Place { start, end: start + u32::try_from(written.len()).unwrap_or_default(), ..place }
    }
}

/// JSON is YAML, and read as such it keeps its places; but JSON's own rules are checked first.
fn read_json(text: &str, file: FileId, problems: &mut Vec<Diagnostic>) -> Option<Node> {
    let start = Place::start_of(file);
    match serde_json::from_str(text) {
        Ok(json) => {
            let mut ignored = Vec::new();
            let with_places = yaml::read(text, file, &mut ignored).filter(|_| ignored.is_empty());
            Some(with_places.unwrap_or_else(|| Node::from_json(json, start)))
        }
        Err(error) => {
            let line =
                text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
            let at = u32::try_from(line + error.column().saturating_sub(1)).unwrap_or_default();
            let end = u32::try_from(text.len()).unwrap_or(u32::MAX);
            let place = Place { file, start: at.min(end), end: (at + 1).min(end) };
            problems.push(Diagnostic::error(place, format!("not JSON: {error}")));
            None
        }
    }
}

fn read_bounded(path: &Path) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    let mut bytes = Vec::new();
    file.take(LARGEST_FILE as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > LARGEST_FILE {
        return Err(io::Error::other(format!("it is larger than {LARGEST_FILE} bytes")));
    }
    Ok(bytes)
}

pub fn has_extension(path: &str, extensions: &[&str]) -> bool {
    Path::new(path)
        .extension()
        .is_some_and(|found| extensions.iter().any(|extension| found.eq_ignore_ascii_case(extension)))
}

/// `./a/../b.yml` → `b.yml`: one name for one file.
fn display_name(path: &str) -> String {
    let mut parts: Vec<String> = Vec::new();
    for component in Path::new(path).components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if parts.last().is_some_and(|part| part != "..") => {
                parts.pop();
            }
            Component::RootDir => parts.push(String::new()),
            other => parts.push(other.as_os_str().to_string_lossy().into_owned()),
        }
    }
    parts.join("/")
}

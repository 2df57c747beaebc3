//! Where something stands: which file, which line, which column. Every value read from a file carries one, so that
//! whatever is wrong with it can be shown where it was written.

/// A file that was read for this service, by its place in [`Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(u32);

/// A range of bytes in one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    pub file: FileId,
    pub start: u32,
    pub end: u32,
}

/// A file's text, under the name that messages show: its path from the service's folder.
#[derive(Clone, Debug)]
pub struct Source {
    pub name: String,
    pub text: String,
}

/// Every file that was read, in the order they were first named.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<Source>,
}

impl Sources {
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> FileId {
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        self.files.push(Source { name: name.into(), text: text.into() });
        id
    }

    pub fn get(&self, file: FileId) -> Option<&Source> {
        self.files.get(file.0 as usize)
    }

    pub fn find(&self, name: &str) -> Option<FileId> {
        let at = self.files.iter().position(|source| source.name == name)?;
        Some(FileId(u32::try_from(at).ok()?))
    }

    /// The names of all files read: what a watcher watches.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|source| source.name.as_str())
    }

    /// The text at `place`, as it stands in the file.
    pub fn text(&self, place: Place) -> &str {
        self.get(place.file)
            .and_then(|source| source.text.get(place.start as usize..place.end as usize))
            .unwrap_or_default()
    }

    /// Line and column, both from 1; the column counts characters.
    pub fn position(&self, place: Place) -> (usize, usize) {
        let Some(source) = self.get(place.file) else { return (1, 1) };
        let before = source.text.get(..place.start as usize).unwrap_or_default();
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        (line, column)
    }
}

impl Place {
    /// The very beginning of a file.
    pub const fn start_of(file: FileId) -> Self {
        Self { file, start: 0, end: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_start_at_one_and_count_characters() {
        let mut sources = Sources::default();
        let file = sources.add("serverless.yml", "a: é\nbé: c\n");
        let start = u32::try_from("a: é\nbé: ".len()).unwrap();
        let place = Place { file, start, end: start + 1 };
        assert_eq!(sources.position(place), (2, 5));
        assert_eq!(sources.text(place), "c");
    }
}

//! `<data>/credentials`: the root access key, where AWS tools can read it.

use std::{io, path::Path};

use front_door::RootKey;

use super::files::write_private;

/// Mode 0600; left alone where it already says the same.
pub fn write(data: &Path, key: &RootKey) -> io::Result<()> {
    let content = format!(
        "# The root access key of this Poolhouse server. AWS tools take it with\n\
         # AWS_SHARED_CREDENTIALS_FILE={}\n\
         [default]\naws_access_key_id = {}\naws_secret_access_key = {}\n",
        data.join("credentials").display(),
        key.access_key_id,
        key.secret_access_key.expose()
    );
    let path = data.join("credentials");
    match std::fs::read_to_string(&path) {
        Ok(there) if there == content && !super::files::is_open_to_others(&path) => Ok(()),
        _ => write_private(&path, &content),
    }
}

#[cfg(test)]
mod tests {
    use base::Secret;

    use super::*;

    #[test]
    fn only_its_owner_reads_it() {
        let data = tempfile::tempdir().unwrap();
        let key = RootKey {
            access_key_id: String::from("AKIA1"),
            secret_access_key: Secret::new(String::from("s")),
        };
        write(data.path(), &key).unwrap();
        let path = data.path().join("credentials");
        assert!(!super::super::files::is_open_to_others(&path));
        let text = std::fs::read_to_string(path).unwrap();
        assert!(
            text.ends_with("[default]\naws_access_key_id = AKIA1\naws_secret_access_key = s\n"),
            "{text}"
        );
    }
}

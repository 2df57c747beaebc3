//! Where keys are found: as AWS tools find them, then in the server's data folder.

use std::path::{Path, PathBuf};

use base::Secret;

use crate::environment::Environment;

#[derive(Clone, Debug)]
pub struct Keys {
    pub access_key_id: String,
    pub secret_access_key: Secret<String>,
    pub session_token: Option<Secret<String>>,
}

/// What was asked for by name.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// `--aws-profile`.
    pub profile: Option<String>,
    /// The data folders that may hold the server's own keys, nearest first.
    pub data: Vec<PathBuf>,
}

/// In this order: the environment, a profile that was named, the data folder, the default profile. (A default profile
/// is most often an account in the cloud; the keys of a server that lies right here are meant before that one.)
pub fn find(wanted: &Wanted, environment: &Environment) -> Result<Option<Keys>, String> {
    let profile = wanted.profile.clone().or_else(|| environment.get("AWS_PROFILE").map(str::to_owned));
    if wanted.profile.is_none()
        && let (Some(id), Some(secret)) =
            (environment.get("AWS_ACCESS_KEY_ID"), environment.get("AWS_SECRET_ACCESS_KEY"))
    {
        return Ok(Some(Keys {
            access_key_id: id.to_owned(),
            secret_access_key: Secret::new(secret.to_owned()),
            session_token: environment.get("AWS_SESSION_TOKEN").map(|token| Secret::new(token.to_owned())),
        }));
    }
    let shared = shared_file(environment);
    if let Some(name) = profile {
        let file = shared.as_deref().unwrap_or(Path::new("~/.aws/credentials"));
        return match read_profile(file, &name)? {
            Some(keys) => Ok(Some(keys)),
            None => Err(format!("the profile '{name}' has no keys in {}", file.display())),
        };
    }
    for folder in &wanted.data {
        if let Some(keys) = read_profile(&folder.join("credentials"), "default")? {
            return Ok(Some(keys));
        }
    }
    match shared {
        Some(file) => read_profile(&file, "default"),
        None => Ok(None),
    }
}

fn shared_file(environment: &Environment) -> Option<PathBuf> {
    environment
        .get("AWS_SHARED_CREDENTIALS_FILE")
        .map(PathBuf::from)
        .or_else(|| Some(Path::new(environment.get("HOME")?).join(".aws/credentials")))
}

/// The shared credentials file (AWS SDKs and Tools Reference Guide, "Shared config and credentials files").
fn read_profile(file: &Path, profile: &str) -> Result<Option<Keys>, String> {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("cannot read {}: {error}", file.display())),
    };
    let mut section = String::new();
    let (mut id, mut secret, mut token) = (None, None, None);
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';'])) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name.trim().trim_start_matches("profile ").to_owned();
        } else if let Some((key, value)) = line.split_once('=').filter(|_| section == profile) {
            let value = value.trim().to_owned();
            match key.trim() {
                "aws_access_key_id" => id = Some(value),
                "aws_secret_access_key" => secret = Some(Secret::new(value)),
                "aws_session_token" => token = Some(Secret::new(value)),
                _ => {}
            }
        }
    }
    Ok(id.zip(secret).map(|(access_key_id, secret_access_key)| Keys {
        access_key_id,
        secret_access_key,
        session_token: token,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# mine\n[default]\naws_access_key_id = A\naws_secret_access_key=sA\n\n[profile other]\naws_access_key_id=B\naws_secret_access_key=sB\naws_session_token=t\n";

    fn setting() -> (tempfile::TempDir, Wanted) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(".aws")).unwrap();
        std::fs::write(folder.path().join(".aws/credentials"), FILE).unwrap();
        std::fs::create_dir(folder.path().join("data")).unwrap();
        std::fs::write(folder.path().join("data/credentials"), FILE.replace("= A", "= ROOT")).unwrap();
        let wanted =
            Wanted { profile: None, data: vec![folder.path().join("none"), folder.path().join("data")] };
        (folder, wanted)
    }

    fn id(wanted: &Wanted, pairs: &[(&str, &str)]) -> Option<String> {
        find(wanted, &Environment::from_pairs(pairs)).unwrap().map(|keys| keys.access_key_id)
    }

    #[test]
    fn the_nearest_keys_win() {
        let (folder, wanted) = setting();
        let home = ("HOME", folder.path().to_str().unwrap());
        assert_eq!(
            id(&wanted, &[home, ("AWS_ACCESS_KEY_ID", "E"), ("AWS_SECRET_ACCESS_KEY", "s")]).unwrap(),
            "E"
        );
        assert_eq!(id(&wanted, &[home, ("AWS_PROFILE", "other")]).unwrap(), "B");
        assert_eq!(id(&wanted, &[home]).unwrap(), "ROOT");
        let far = Wanted { data: vec![folder.path().join("none")], ..wanted.clone() };
        assert_eq!(id(&far, &[home]).unwrap(), "A");
        assert_eq!(id(&far, &[]), None);
        let named = Wanted { profile: Some(String::from("other")), ..wanted };
        assert_eq!(
            id(&named, &[home, ("AWS_ACCESS_KEY_ID", "E"), ("AWS_SECRET_ACCESS_KEY", "s")]).unwrap(),
            "B"
        );
        let missing = Wanted { profile: Some(String::from("none")), ..named };
        assert!(
            find(&missing, &Environment::from_pairs(&[home])).unwrap_err().contains("'none' has no keys")
        );
    }
}

//! Packages of older deployments go, but for the last few.

use std::collections::BTreeSet;

use super::Bundle;
use crate::{
    aws::{Client, s3},
    failure::Failure,
    terminal::Terminal,
};

pub async fn old_deployments(
    client: &Client,
    bundle: &Bundle,
    bucket: &str,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let prefix = format!("{}/", bundle.artifact_prefix);
    let keys = s3::keys(client, bucket, &prefix).await?;
    let folders: BTreeSet<(u64, &str)> = keys.iter().filter_map(|key| folder(key, &prefix)).collect();
    let old: BTreeSet<&str> =
        folders.iter().rev().skip(bundle.deployment.keep + 1).map(|(_, name)| *name).collect();
    let doomed: Vec<String> = keys
        .iter()
        .filter(|key| folder(key, &prefix).is_some_and(|(_, name)| old.contains(name)))
        .cloned()
        .collect();
    if !doomed.is_empty() {
        terminal.detail(&format!("Removing {} files of {} old deployments", doomed.len(), old.len()));
        s3::delete(client, bucket, &doomed).await?;
    }
    Ok(())
}

/// `<prefix><milliseconds>-<instant>/…` → the milliseconds and the folder's name.
fn folder<'a>(key: &'a str, prefix: &str) -> Option<(u64, &'a str)> {
    let (name, _) = key.strip_prefix(prefix)?.split_once('/')?;
    let (millis, _) = name.split_once('-')?;
    Some((millis.parse().ok()?, name))
}

#[cfg(test)]
mod tests {
    use super::folder;

    #[test]
    fn only_folders_of_deployments_count() {
        let prefix = "serverless/s/dev/";
        assert_eq!(
            folder("serverless/s/dev/17-2023-11-14T00:00:00.000Z/s.zip", prefix),
            Some((17, "17-2023-11-14T00:00:00.000Z"))
        );
        assert_eq!(folder("serverless/s/dev/code-artifacts/x.zip", prefix), None);
        assert_eq!(folder("serverless/s/development/17-x/s.zip", prefix), None);
    }
}

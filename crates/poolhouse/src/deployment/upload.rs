//! The template, the state and the packages, into the deployment bucket, with their hashes.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::Bundle;
use crate::{
    aws::{AwsFailure, Client, s3},
    failure::Failure,
    terminal::Terminal,
};

const AT_ONCE: usize = 3;

/// The template's URL.
pub async fn everything(
    client: &Client,
    bundle: &Bundle,
    bucket: &str,
    terminal: &Terminal,
) -> Result<String, Failure> {
    let size: usize = bundle.artifacts.iter().map(|artifact| artifact.bytes.len()).sum();
    terminal.step(&format!("Uploading ({})", file_size(size)));
    let folder = &bundle.artifact_directory;
    let document = |name: &str, text: String| {
        let hash = STANDARD.encode(crypto::digest::sha256(text.as_bytes()));
        (format!("{folder}/{name}"), "application/json", hash, Bytes::from(text))
    };
    let mut objects = vec![
        document("compiled-cloudformation-template.json", bundle.template_update.to_string()),
        document("serverless-state.json", bundle.state.to_string()),
    ];
    for artifact in &bundle.artifacts {
        let key = format!("{folder}/{}", artifact.file_name);
        let bytes = Bytes::copy_from_slice(&artifact.bytes);
        objects.push((key, "application/zip", artifact.sha256.clone(), bytes));
    }
    let template = objects[0].0.clone();
    stream::iter(objects.into_iter().map(|(key, kind, hash, bytes)| async move {
        terminal.detail(&format!("Uploading {key} ({})", file_size(bytes.len())));
        s3::put(client, bucket, &key, kind, &hash, bytes).await
    }))
    .buffer_unordered(AT_ONCE)
    .try_collect::<Vec<()>>()
    .await
    .map_err(|failure: AwsFailure| Failure::from(failure))?;
    Ok(format!("https://s3.amazonaws.com/{bucket}/{template}"))
}

pub fn file_size(bytes: usize) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{:.1} KB", bytes as f64 / 1024.0),
        _ => format!("{:.1} MB", bytes as f64 / 1_048_576.0),
    }
}

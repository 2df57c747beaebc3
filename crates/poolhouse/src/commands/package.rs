//! `poolhouse package`: the template and the zips, as `aws cloudformation` and `serverless deploy --package` take them.

use std::{fs, path::Path};

use serde_json::{Value, json};

use super::Context;
use crate::{cli, failure::Failure};

pub const CREATE: &str = "cloudformation-template-create-stack.json";
pub const UPDATE: &str = "cloudformation-template-update-stack.json";
pub const STATE: &str = "serverless-state.json";

pub async fn run(args: &cli::Package) -> Result<(), Failure> {
    let context = Context::new(args.common.json, args.common.verbose);
    let service = context.service(&args.service, &args.common).await?;
    context.terminal.step("Packaging");
    let compiled = serverless::compile(&service).map_err(Failure::file)?;
    context.show_warnings(&compiled.report);
    let configured = service.resolved()["package"]["path"].as_str().map(|path| args.service.dir.join(path));
    let folder = args.package.clone().or(configured).unwrap_or_else(|| args.service.dir.join(".serverless"));
    let written = write(&folder, &compiled)
        .map_err(|error| Failure::tried(format!("cannot write to {}: {error}", folder.display())))?;
    context.terminal.say(&format!(
        "{} {} packaged for stage {} in {}\n{}",
        context.terminal.good("✔"),
        compiled.service,
        compiled.stage,
        folder.display(),
        written.iter().map(|name| format!("  {name}")).collect::<Vec<_>>().join("\n")
    ));
    context.terminal.document(&json!({
        "service": compiled.service,
        "stage": compiled.stage,
        "region": compiled.region,
        "stack": compiled.stack_name,
        "folder": folder,
        "files": written,
    }));
    Ok(())
}

/// What an earlier run left there goes first, so that no old zip is taken for a new one.
fn write(folder: &Path, compiled: &serverless::Compiled) -> std::io::Result<Vec<String>> {
    fs::create_dir_all(folder)?;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_file() && (name.ends_with(".zip") || [CREATE, UPDATE, STATE].contains(&name)) {
            fs::remove_file(&path)?;
        }
    }
    let mut written = Vec::new();
    let mut document = |name: &str, value: &Value| {
        written.push(name.to_owned());
        fs::write(folder.join(name), serde_json::to_string_pretty(value)?)
    };
    if let Some(template) = &compiled.template_create {
        document(CREATE, template)?;
    }
    document(UPDATE, &compiled.template_update)?;
    document(STATE, &compiled.state)?;
    for artifact in &compiled.artifacts {
        fs::write(folder.join(&artifact.file_name), artifact.bytes.as_slice())?;
        written.push(artifact.file_name.clone());
    }
    Ok(written)
}

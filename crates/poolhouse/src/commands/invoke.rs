//! `poolhouse invoke`: calls a deployed function.

use std::io::{IsTerminal, Read};

use serde_json::{Value, json};

use super::{Context, function_of, not_deployed};
use crate::{aws::lambda, cli, failure::Failure};

/// Lambda's limit for a call that waits (AWS Lambda Developer Guide, "Lambda quotas").
const LARGEST_PAYLOAD: u64 = 6 << 20;

pub async fn run(args: &cli::Invoke) -> Result<(), Failure> {
    let context = Context::new(args.common.json, args.common.verbose);
    let service = context.service(&args.service, &args.common).await?;
    let function = function_of(&service, &args.function)?;
    let client = context.client(&args.service, &args.common, &service)?;
    let payload = payload(args)?;
    let invocation = lambda::Invocation {
        function: &function.name,
        qualifier: args.qualifier.as_deref(),
        kind: &args.r#type,
        tail_log: args.log && args.r#type == "RequestResponse",
        client_context: args.context.as_deref(),
        payload: payload.into(),
    };
    context.terminal.step(&format!("Calling {}", function.name));
    let invoked = lambda::invoke(&client, &invocation).await.map_err(|failure| match failure.status() {
        404 => not_deployed(&function.name, &service.stage),
        _ => failure.into(),
    })?;
    let answer: Value = serde_json::from_slice(&invoked.payload).unwrap_or(Value::Null);
    if !invoked.payload.is_empty() {
        context.terminal.say(&indented(&answer));
    }
    if let Some(log) = &invoked.log {
        context.terminal.line(&context.terminal.dim(&"-".repeat(60)));
        context.terminal.line(log.trim_end());
    }
    context.terminal.document(&json!({
        "function": function.name,
        "payload": answer,
        "functionError": invoked.error,
        "executedVersion": invoked.version,
        "log": invoked.log,
    }));
    match invoked.error {
        Some(kind) => {
            let failure = Failure::tried(format!("the function failed ({kind})")).told();
            Err(if invoked.log.is_some() {
                failure
            } else {
                failure.help("add --log to see the end of its log")
            })
        }
        None => Ok(()),
    }
}

/// JSON as it stands; anything else as a JSON string, as the Serverless Framework sends it.
fn payload(args: &cli::Invoke) -> Result<String, Failure> {
    let text = match (&args.data, &args.path) {
        (Some(data), _) => data.clone(),
        (None, Some(path)) if path.as_os_str() == "-" => read(std::io::stdin().lock(), "stdin")?,
        (None, Some(path)) => {
            let file = std::fs::File::open(path)
                .map_err(|error| Failure::wrong(format!("cannot read {}: {error}", path.display())))?;
            read(file, &path.display().to_string())?
        }
        (None, None) if std::io::stdin().is_terminal() => String::new(),
        (None, None) => read(std::io::stdin().lock(), "stdin")?,
    };
    if text.trim().is_empty() {
        return Ok(String::from("{}"));
    }
    if !args.raw && serde_json::from_str::<Value>(&text).is_ok() {
        return Ok(text);
    }
    Ok(json!(text).to_string())
}

fn read(from: impl Read, name: &str) -> Result<String, Failure> {
    let mut text = String::new();
    from.take(LARGEST_PAYLOAD + 1)
        .read_to_string(&mut text)
        .map_err(|error| Failure::wrong(format!("cannot read {name}: {error}")))?;
    if text.len() as u64 > LARGEST_PAYLOAD {
        return Err(Failure::wrong(format!("{name} is larger than {LARGEST_PAYLOAD} bytes")));
    }
    Ok(text)
}

/// Four spaces, as the Serverless Framework prints it.
fn indented(value: &Value) -> String {
    let mut text = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    let mut serializer = serde_json::Serializer::with_formatter(&mut text, formatter);
    match serde::Serialize::serialize(value, &mut serializer) {
        Ok(()) => String::from_utf8_lossy(&text).into_owned(),
        Err(_) => value.to_string(),
    }
}

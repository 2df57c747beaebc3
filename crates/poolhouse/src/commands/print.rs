//! `poolhouse print`: the configuration as it is read.

use serde_json::Value;

use super::{Context, yaml};
use crate::{
    cli::{self, Format},
    failure::Failure,
};

pub async fn run(args: &cli::Print) -> Result<(), Failure> {
    let context = Context::new(args.common.json, args.common.verbose);
    let service = context.service(&args.service, &args.common).await?;
    context.show_warnings(&service.report);
    let mut value = service.resolved();
    if let Some(path) = &args.path {
        for key in path.split('.') {
            let next = match &mut value {
                Value::Object(members) => members.get_mut(key).map(Value::take),
                Value::Array(items) => {
                    key.parse::<usize>().ok().and_then(|at| items.get_mut(at)).map(Value::take)
                }
                _ => None,
            };
            value = next.ok_or_else(|| Failure::wrong(format!("there is nothing at '{path}'")))?;
        }
    }
    if args.transform.is_some() {
        value = match value {
            Value::Object(members) => members.keys().cloned().map(Value::String).collect(),
            _ => return Err(Failure::wrong("only an object has keys")),
        };
    }
    let format = if args.common.json { Format::Json } else { args.format };
    let text = match format {
        Format::Json => serde_json::to_string_pretty(&value).unwrap_or_default(),
        Format::Yaml => yaml::write(&value),
        Format::Text => match &value {
            Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join("\n"),
            Value::Object(_) => {
                return Err(Failure::wrong("an object cannot be printed as text").help("name a --path"));
            }
            other => plain(other),
        },
    };
    context.terminal.say(&text);
    context.terminal.document(&value);
    Ok(())
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

//! `poolhouse deploy`.

use serde_json::json;

use super::Context;
use crate::{
    cli,
    deployment::{self, Bundle, Outcome, Wishes},
    failure::Failure,
    summary::Summary,
};

pub async fn run(args: &cli::Deploy) -> Result<(), Failure> {
    let context = Context::new(args.common.json, args.common.verbose);
    let service = context.service(&args.service, &args.common).await?;
    let client = context.client(&args.service, &args.common, &service)?;
    if !args.common.json {
        context
            .terminal
            .line(&format!("Deploying {} to stage {} ({})", service.name, service.stage, service.region));
    }
    let bundle = match &args.package {
        Some(folder) => {
            context.show_warnings(&service.report);
            Bundle::read(folder, &service)?
        }
        None => {
            context.terminal.step("Packaging");
            let compiled = serverless::compile(&service).map_err(Failure::file)?;
            context.show_warnings(&compiled.report);
            Bundle::from(compiled)
        }
    };
    let wishes = Wishes { force: args.force, replace_user_pools: args.replace_user_pool.clone() };
    let outcome = deployment::deploy(&client, &bundle, &wishes, &context.terminal).await?;
    context.terminal.step("Retrieving CloudFormation stack");
    let summary = Summary::gather(&client, &service).await?;
    let said = match outcome {
        Outcome::Deployed => format!("deployed to stack {}", bundle.stack_name),
        Outcome::NothingChanged => {
            format!("not deployed: nothing changed since the last time (stack {})", bundle.stack_name)
        }
    };
    context.terminal.say(&format!(
        "{} Service {said} {}\n\n{}",
        context.terminal.good("✔"),
        context.terminal.dim(&format!("({})", context.terminal.seconds())),
        summary.for_people(client.endpoint())
    ));
    let mut document = summary.to_json();
    document["changed"] = json!(outcome == Outcome::Deployed);
    context.terminal.document(&document);
    Ok(())
}

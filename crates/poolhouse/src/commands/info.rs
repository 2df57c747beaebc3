//! `poolhouse info`.

use super::Context;
use crate::{cli, failure::Failure, summary::Summary};

pub async fn run(args: &cli::Info) -> Result<(), Failure> {
    let context = Context::new(args.common.json, args.common.verbose);
    let service = context.service(&args.service, &args.common).await?;
    let client = context.client(&args.service, &args.common, &service)?;
    context.terminal.step("Retrieving CloudFormation stack");
    let summary = Summary::gather(&client, &service).await?;
    context.terminal.say(&summary.for_people(client.endpoint()));
    context.terminal.document(&summary.to_json());
    Ok(())
}

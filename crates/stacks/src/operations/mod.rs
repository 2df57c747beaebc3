//! CloudFormation's operations, one a file. Answers and errors as the AWS CloudFormation API Reference has them.

mod cancel_update_stack;
mod change_set_actions;
mod continue_update_rollback;
mod create_change_set;
mod create_stack;
mod delete_stack;
mod describe_change_set;
mod describe_stack_events;
mod describe_stack_resources;
mod describe_stacks;
mod exports_and_imports;
mod get_template;
mod get_template_summary;
mod given;
mod list_stack_resources;
mod list_stacks;
mod stack_policy;
mod update_stack;
mod update_termination_protection;
mod validate_template;
pub mod words;

use base::{AwsError, Caller};
use facts::{Operation, cloudformation as api};
use serde_json::Value;

use crate::Stacks;

/// Operations of the model that are not here, and why.
pub const UNSUPPORTED: &[(&str, &str)] = &[
    ("*StackSet*", "stack sets spread stacks over accounts and regions; a house has one of each"),
    ("*Type*", "the registry of third-party resource types is AWS's"),
    ("*Drift*", "drift detection is not built"),
    ("*GeneratedTemplate*, *ResourceScan*", "templates from existing resources are not built"),
    ("*StackRefactor*", "moving resources between stacks is not built"),
    ("*Hook*, ActivateOrganizationsAccess, …", "hooks and organizations are AWS's"),
    ("RollbackStack", "an update that failed and stayed can be followed by another, or the stack deleted"),
    ("SignalResource", "no resource type here waits for signals"),
    ("EstimateTemplateCost", "nothing here costs by the hour"),
];

pub async fn call(
    stacks: &Stacks,
    operation: &str,
    caller: &Caller,
    input: Value,
) -> Result<Value, AwsError> {
    macro_rules! answer {
        ($api:ident, $run:path) => {
            facts::write::<api::$api>(&$run(stacks, caller, read::<api::$api>(input)?).await?)
        };
    }
    Ok(match operation {
        "CancelUpdateStack" => answer!(CancelUpdateStack, cancel_update_stack::run),
        "ContinueUpdateRollback" => answer!(ContinueUpdateRollback, continue_update_rollback::run),
        "CreateChangeSet" => answer!(CreateChangeSet, create_change_set::run),
        "CreateStack" => answer!(CreateStack, create_stack::run),
        "DeleteChangeSet" => answer!(DeleteChangeSet, change_set_actions::delete),
        "DeleteStack" => answer!(DeleteStack, delete_stack::run),
        "DescribeChangeSet" => answer!(DescribeChangeSet, describe_change_set::run),
        "DescribeStackEvents" => answer!(DescribeStackEvents, describe_stack_events::run),
        "DescribeStackResource" => answer!(DescribeStackResource, describe_stack_resources::one),
        "DescribeStackResources" => answer!(DescribeStackResources, describe_stack_resources::all),
        "DescribeStacks" => answer!(DescribeStacks, describe_stacks::run),
        "ExecuteChangeSet" => answer!(ExecuteChangeSet, change_set_actions::execute),
        "GetStackPolicy" => answer!(GetStackPolicy, stack_policy::get),
        "GetTemplate" => answer!(GetTemplate, get_template::run),
        "GetTemplateSummary" => answer!(GetTemplateSummary, get_template_summary::run),
        "ListChangeSets" => answer!(ListChangeSets, describe_change_set::list),
        "ListExports" => answer!(ListExports, exports_and_imports::exports),
        "ListImports" => answer!(ListImports, exports_and_imports::imports),
        "ListStackResources" => answer!(ListStackResources, list_stack_resources::run),
        "ListStacks" => answer!(ListStacks, list_stacks::run),
        "SetStackPolicy" => answer!(SetStackPolicy, stack_policy::set),
        "UpdateStack" => answer!(UpdateStack, update_stack::run),
        "UpdateTerminationProtection" => {
            answer!(UpdateTerminationProtection, update_termination_protection::run)
        }
        "ValidateTemplate" => answer!(ValidateTemplate, validate_template::run),
        other => {
            return Err(AwsError::with_status(
                501,
                "NotImplemented",
                format!("{other} is not implemented by this server. See unsupported.txt for the reason."),
            ));
        }
    })
}

fn read<O: Operation>(input: Value) -> Result<O::Input, AwsError> {
    facts::read::<O>(input).map_err(|error| AwsError {
        status: error.status,
        code: error.code,
        message: error.message,
    })
}

//! What CloudFormation says against a template or a change, in words for the one who wrote the file.

use super::{Bundle, REPLACE_TAG};
use crate::{aws::AwsFailure, failure::Failure};

/// The template's own faults are the file's: they are shown where they were written.
pub fn invalid(failure: &AwsFailure, bundle: &Bundle) -> Failure {
    if failure.code() != "ValidationError" {
        return Failure { help: failure.help(), ..Failure::tried(failure.to_string()) };
    }
    Failure::wrong("CloudFormation cannot take the template; nothing was touched")
        .details(explained(&failure.message(), bundle))
}

/// A message about a template, without the lines and columns of the JSON that nobody wrote, and with those of the file.
fn explained(message: &str, bundle: &Bundle) -> Vec<String> {
    let in_json = |line: &str| {
        let rest = line.trim_start().strip_prefix("line ")?;
        let (place, said) = rest.split_once(": ")?;
        place.chars().all(|c| c.is_ascii_digit() || " ,column".contains(c)).then(|| format!("  {said}"))
    };
    let mut details: Vec<String> =
        message.lines().map(|line| in_json(line).unwrap_or_else(|| format!("  {line}"))).collect();
    details.extend(bundle.places_named_in(message));
    details
}

pub fn no_change_set(reason: &str, bundle: &Bundle) -> Failure {
    let failure = Failure::tried("CloudFormation refuses this change; nothing was changed")
        .details(explained(reason, bundle));
    if reason.contains(REPLACE_TAG) { failure.help(LOSE_THEM) } else { failure }
}

const LOSE_THEM: &str = "to lose those users on purpose: poolhouse deploy --replace-user-pool LOGICAL_ID";

/// CloudFormation would not begin.
pub fn refused(failure: &AwsFailure, bundle: &Bundle) -> Failure {
    let message = failure.message();
    if message.contains("_IN_PROGRESS") || failure.code() == "OperationInProgressException" {
        return Failure::tried(format!("the stack is being changed by someone else just now: {message}"))
            .help("wait until that is done, then deploy again");
    }
    if message.contains(REPLACE_TAG) {
        return no_change_set(&message, bundle);
    }
    invalid(failure, bundle)
}

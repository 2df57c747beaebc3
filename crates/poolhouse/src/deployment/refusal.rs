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
    let without_place = |line: &str| {
        let said = line
            .rsplit_once(" (line ")
            .filter(|(_, place)| place.contains(", column ") && place.ends_with(')'));
        format!("  {}", said.map_or(line, |(said, _)| said))
    };
    let mut details: Vec<String> =
        message.lines().map(|line| in_json(line).unwrap_or_else(|| without_place(line))).collect();
    details.extend(bundle.places_named_in(message));
    details
}

pub fn no_change_set(reason: &str, bundle: &Bundle) -> Failure {
    if reason.contains(REPLACE_TAG) {
        return would_lose(reason, bundle);
    }
    Failure::tried("CloudFormation refuses this change; nothing was changed")
        .details(explained(reason, bundle))
}

/// "Pool (AWS::Cognito::UserPool us-east-1_…) would be replaced, because …; its 2 users would be lost. Nothing was changed.
/// …": what the engine says of each, without its advice for callers of the API, and what to write on this command line.
fn would_lose(reason: &str, bundle: &Bundle) -> Failure {
    let told = reason.split(" Nothing was changed.").next().unwrap_or(reason);
    let mut details = Vec::new();
    let mut flags = String::new();
    for one in told.split(" would be lost.").map(str::trim).filter(|one| !one.is_empty()) {
        details.push(format!("  {one} would be lost"));
        let id = one.split_whitespace().next().unwrap_or_default();
        details.extend(bundle.place_of(id));
        flags.push_str(&format!(" --replace-user-pool {id}"));
    }
    Failure::tried("this deployment would lose people's accounts; nothing was changed").details(details).help(
        format!(
            "undo that change; or keep the pool by 'DeletionPolicy: Retain' and 'UpdateReplacePolicy: Retain', \
             deployed first; or lose them on purpose: poolhouse deploy{flags}"
        ),
    )
}

/// Someone else deploys the same stack, or did a moment ago.
pub fn being_changed(stack: &str, said: &str) -> Failure {
    Failure::tried(format!(
        "the stack {stack} is being changed by someone else just now; this deployment changed nothing"
    ))
    .details(vec![format!("  {said}")])
    .help("wait until that is done, then deploy again")
}

/// CloudFormation would not begin.
pub fn refused(failure: &AwsFailure, bundle: &Bundle) -> Failure {
    let message = failure.message();
    let overtaken = [
        "OperationInProgressException",
        "AlreadyExistsException",
        "ChangeSetNotFound",
        "InvalidChangeSetStatus",
    ];
    if message.contains("_IN_PROGRESS")
        || message.contains("already exists and cannot be created again")
        || overtaken.contains(&failure.code())
    {
        return being_changed(&bundle.stack_name, &message);
    }
    if message.contains(REPLACE_TAG) {
        return no_change_set(&message, bundle);
    }
    invalid(failure, bundle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pool_that_would_go_is_named_with_its_flag() {
        let reason = "A (AWS::Cognito::UserPool us-east-1_a) would be replaced, because Schema cannot be changed in place; its 2 users would be lost. B (AWS::Cognito::UserPool us-east-1_b) would be replaced, because it is not in the template any more, and another of its type is new; its 1 user would be lost. Nothing was changed. Undo that change of the template; or update with the stack tag poolhouse:replace-user-pool set to the logical id.";
        let failure = no_change_set(reason, &Bundle::default());
        assert_eq!(failure.status, 1);
        assert_eq!(failure.details.len(), 2);
        assert!(
            failure.details[1].starts_with("  B (")
                && failure.details[1].ends_with("its 1 user would be lost")
        );
        let help = failure.help.unwrap();
        assert!(help.ends_with("poolhouse deploy --replace-user-pool A --replace-user-pool B"), "{help}");
    }

    #[test]
    fn lines_of_the_template_nobody_wrote_are_not_told() {
        let told = explained("Template format error: it is wrong (line 1, column 2189)", &Bundle::default());
        assert_eq!(told, ["  Template format error: it is wrong"]);
        let told = explained("2 errors:\nline 1, column 20: one", &Bundle::default());
        assert_eq!(told, ["  2 errors:", "  one"]);
    }

    #[test]
    fn who_comes_second_is_told_so() {
        for (code, message) in [
            ("AlreadyExistsException", "ChangeSet c already exists"),
            ("ValidationError", "Stack:arn is in UPDATE_IN_PROGRESS state and can not be updated."),
            ("ChangeSetNotFound", "ChangeSet [c] does not exist"),
        ] {
            let failure =
                AwsFailure::Refused { status: 400, code: code.to_owned(), message: message.to_owned() };
            let told = refused(&failure, &Bundle::default());
            assert_eq!(told.status, 1);
            assert!(told.message.contains("by someone else just now"), "{}", told.message);
        }
    }
}

//! Reading inputs: members by their names in the model, functions by every form of their name.

use base::{AwsError, PageToken};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::errors::{constraint, invalid};
use crate::{
    functions::Inner,
    reference::{self, LATEST, Reference},
    runtimes::{KNOWN, RuntimeSupport, runtime_support},
};

/// `FunctionName` as the model has it.
const NAME_PATTERN: &str = "(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?";

/// Holds the input against the model. Runtimes are left out: Lambda answers an unknown one in other words.
pub fn check(operation: &str, input: &Value) -> Result<(), AwsError> {
    let Some(shape) = facts::find("lambda", operation) else { return Ok(()) };
    if let Some(runtime) = input.get("Runtime").and_then(Value::as_str)
        && runtime_support(runtime) == RuntimeSupport::Unknown
    {
        let set = KNOWN.join(", ");
        return Err(invalid(format!(
            "Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [{set}] or \
             be a valid ARN"
        )));
    }
    facts::validate(shape, input)
        .map_err(|error| AwsError::with_status(error.status, error.code, error.message))
}

pub fn read<T: DeserializeOwned>(input: Value) -> Result<T, AwsError> {
    serde_json::from_value(input).map_err(|cause| {
        let message = format!("Could not parse request body into json: {cause}");
        AwsError::client("InvalidRequestContentException", message)
    })
}

impl Inner {
    /// The function that `FunctionName` and `Qualifier` name together.
    pub fn named(&self, name: &str, qualifier: Option<&str>) -> Result<Reference, AwsError> {
        let config = &self.config;
        let mut named = reference::parse(name, &config.region, &config.account).ok_or_else(|| {
            constraint(
                name,
                "functionName",
                &format!("Member must satisfy regular expression pattern: {NAME_PATTERN}"),
            )
        })?;
        if let Some(qualifier) = qualifier {
            if named.qualifier.as_deref().is_some_and(|inner| inner != qualifier) {
                return Err(invalid(
                    "The derived qualifier from the function name does not match the specified qualifier.",
                ));
            }
            named.qualifier = Some(qualifier.to_owned());
        }
        Ok(named)
    }

    /// The function itself: for operations that work on `$LATEST` alone.
    pub fn unqualified(&self, name: &str) -> Result<String, AwsError> {
        let named = self.named(name, None)?;
        match named.qualifier.as_deref() {
            None | Some(LATEST) => Ok(named.name),
            Some(_) => Err(invalid("This operation does not support function versions and aliases.")),
        }
    }

    pub fn arn_of(&self, name: &str, qualifier: Option<&str>) -> String {
        reference::arn(&self.config.region, &self.config.account, name, qualifier)
    }
}

/// `MaxItems`, at most what AWS pages by.
pub fn page_size(asked: Option<usize>, most: usize) -> usize {
    asked.unwrap_or(most).clamp(1, most)
}

pub fn marker(text: Option<&str>) -> Result<Option<PageToken>, AwsError> {
    let text = text.filter(|text| !text.is_empty());
    text.map(PageToken::from_wire).transpose().map_err(|_| invalid("The Marker is invalid."))
}

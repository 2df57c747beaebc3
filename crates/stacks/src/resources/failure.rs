//! Why a resource could not be made, changed or deleted, and how the event words it.

use base::AwsError;

#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// As the service is called in reasons: `CognitoIdentityProvider`, `Lambda`, `S3`, …
    service: &'static str,
    status: u16,
    handler_code: &'static str,
    message: String,
    /// Something was made before it failed; rolling back deletes it.
    pub made: Option<String>,
}

impl Failure {
    pub fn from_aws(service: &'static str, error: AwsError) -> Self {
        let handler_code = match error.status {
            429 => "Throttling",
            500.. => "ServiceInternalError",
            _ => handler_code(&error.code),
        };
        Self { service, status: error.status, handler_code, message: error.message, made: None }
    }

    pub fn invalid(service: &'static str, message: impl Into<String>) -> Self {
        Self::from_aws(service, AwsError::client("InvalidRequest", message))
    }

    pub fn not_allowed(service: &'static str, message: impl Into<String>) -> Self {
        Self::from_aws(service, AwsError::with_status(403, "AccessDenied", message))
    }

    /// Not worth another attempt, and nobody's fault but ours.
    pub fn internal(service: &'static str, message: impl Into<String>) -> Self {
        Self { service, status: 500, handler_code: "InternalFailure", message: message.into(), made: None }
    }

    #[must_use]
    pub fn after_making(mut self, physical_id: impl Into<String>) -> Self {
        self.made = Some(physical_id.into());
        self
    }

    /// Worth another attempt in a moment.
    pub fn passes(&self) -> bool {
        matches!(self.handler_code, "Throttling" | "ServiceInternalError")
    }

    pub fn is_not_found(&self) -> bool {
        self.handler_code == "NotFound"
    }

    pub fn already_exists(&self) -> bool {
        self.handler_code == "AlreadyExists"
    }

    /// As CloudFormation's resource handlers put it.
    pub fn reason(&self, token: &str) -> String {
        let Self { service, status, handler_code, message, .. } = self;
        format!(
            "Resource handler returned message: \"{message} (Service: {service}, Status Code: {status}, Request ID: {token})\" (RequestToken: {token}, HandlerErrorCode: {handler_code})"
        )
    }
}

fn handler_code(code: &str) -> &'static str {
    match code {
        "AccessDenied" | "AccessDeniedException" | "NotAuthorizedException" | "UnauthorizedException" => {
            "AccessDenied"
        }
        "TooManyRequestsException" | "ThrottlingException" | "Throttling" | "SlowDown" => "Throttling",
        "NoSuchEntity" | "NoSuchBucket" | "NoSuchBucketPolicy" => "NotFound",
        "EntityAlreadyExists" | "BucketAlreadyExists" | "BucketAlreadyOwnedByYou" | "ConflictException" => {
            "AlreadyExists"
        }
        "ResourceConflictException" | "GroupExistsException" | "InvalidDomainException" => "AlreadyExists",
        other if other.contains("NotFound") => "NotFound",
        other if other.contains("AlreadyExists") => "AlreadyExists",
        _ => "InvalidRequest",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_the_handlers() {
        let failure = Failure::from_aws("Lambda", AwsError::client("InvalidParameterValueException", "no"));
        assert_eq!(
            failure.reason("t"),
            "Resource handler returned message: \"no (Service: Lambda, Status Code: 400, Request ID: t)\" (RequestToken: t, HandlerErrorCode: InvalidRequest)"
        );
        assert!(
            Failure::from_aws("Lambda", AwsError::with_status(404, "ResourceNotFoundException", ""))
                .is_not_found()
        );
        assert!(Failure::from_aws("Lambda", AwsError::with_status(503, "ServiceUnavailable", "")).passes());
        assert!(!Failure::internal("Lambda", "").passes());
    }
}

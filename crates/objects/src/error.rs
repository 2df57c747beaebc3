//! How S3 says no (Amazon S3 API Reference, "Error responses", "List of error codes").

use base::AwsError;
use store::{CommitError, StoreError};

#[derive(Clone, Debug, thiserror::Error)]
pub enum ObjectError {
    #[error("The specified bucket does not exist")]
    NoSuchBucket(String),
    #[error("The specified key does not exist.")]
    NoSuchKey(String),
    #[error(
        "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or \
         completed."
    )]
    NoSuchUpload(String),
    #[error("Your previous request to create the named bucket succeeded and you already own it.")]
    BucketAlreadyOwnedByYou(String),
    #[error(
        "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please \
         select a different name and try again."
    )]
    BucketAlreadyExists(String),
    #[error("The bucket you tried to delete is not empty")]
    BucketNotEmpty(String),
    #[error("The specified bucket is not valid.")]
    InvalidBucketName(String),
    #[error("Your key is too long")]
    KeyTooLong,
    #[error("Your proposed upload exceeds the maximum allowed size")]
    EntityTooLarge,
    #[error("Your proposed upload is smaller than the minimum allowed size")]
    EntityTooSmall,
    #[error(
        "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified \
         entity tag may not match the part's entity tag."
    )]
    InvalidPart,
    #[error("The list of parts was not in ascending order. Parts must be ordered by part number.")]
    InvalidPartOrder,
    #[error("The requested range is not satisfiable")]
    InvalidRange,
    #[error("At least one of the pre-conditions you specified did not hold")]
    PreconditionFailed,
    /// 304, and no body.
    #[error("Not Modified")]
    NotModified { etag: String, last_modified: base::Timestamp },
    #[error("The {0} you specified did not match the calculated checksum.")]
    BadDigest(&'static str),
    #[error("The {0} you specified is not valid.")]
    InvalidDigest(&'static str),
    #[error("The provided 'x-amz-content-sha256' header does not match what was computed.")]
    ContentSha256Mismatch,
    #[error("You did not provide the number of bytes specified by the Content-Length HTTP header")]
    IncompleteBody,
    #[error("The XML you provided was not well-formed or did not validate against our published schema")]
    MalformedXml,
    #[error("{0}")]
    MalformedPolicy(String),
    #[error("{0}")]
    InvalidArgument(String),
    #[error("{0}")]
    InvalidRequest(String),
    #[error("Your metadata headers exceed the maximum allowed metadata size")]
    MetadataTooLarge,
    #[error("{0}")]
    InvalidTag(String),
    #[error(
        "The {0} location constraint is incompatible for the region specific endpoint this request was sent to."
    )]
    IllegalLocationConstraint(String),
    #[error("The bucket does not allow ACLs")]
    AccessControlListNotSupported,
    #[error("Access Denied")]
    AccessDenied,
    #[error(
        "The request signature we calculated does not match the signature you provided. Check your key and signing \
         method."
    )]
    SignatureDoesNotMatch,
    /// A setting that the bucket does not have, by its own code: `NoSuchBucketPolicy`, `NoSuchTagSet`, …
    #[error("{1}")]
    NoSuchSetting(&'static str, &'static str),
    #[error("A conflicting conditional operation is currently in progress against this resource. Try again.")]
    OperationAborted,
    #[error("The specified method is not allowed against this resource.")]
    MethodNotAllowed,
    #[error("{0} is not implemented")]
    NotImplemented(String),
    /// Worth trying again; what was asked was not done.
    #[error("The store is not available: {0}")]
    Unavailable(String),
    #[error("We encountered an internal error. Please try again.")]
    Internal(String),
}

impl ObjectError {
    pub fn status(&self) -> u16 {
        self.kind().0
    }

    /// S3's name for it.
    pub fn code(&self) -> &'static str {
        self.kind().1
    }

    fn kind(&self) -> (u16, &'static str) {
        match self {
            Self::NoSuchBucket(_) => (404, "NoSuchBucket"),
            Self::NoSuchKey(_) => (404, "NoSuchKey"),
            Self::NoSuchUpload(_) => (404, "NoSuchUpload"),
            Self::BucketAlreadyOwnedByYou(_) => (409, "BucketAlreadyOwnedByYou"),
            Self::BucketAlreadyExists(_) => (409, "BucketAlreadyExists"),
            Self::BucketNotEmpty(_) => (409, "BucketNotEmpty"),
            Self::InvalidBucketName(_) => (400, "InvalidBucketName"),
            Self::KeyTooLong => (400, "KeyTooLongError"),
            Self::EntityTooLarge => (400, "EntityTooLarge"),
            Self::EntityTooSmall => (400, "EntityTooSmall"),
            Self::InvalidPart => (400, "InvalidPart"),
            Self::InvalidPartOrder => (400, "InvalidPartOrder"),
            Self::InvalidRange => (416, "InvalidRange"),
            Self::PreconditionFailed => (412, "PreconditionFailed"),
            Self::NotModified { .. } => (304, "NotModified"),
            Self::BadDigest(_) => (400, "BadDigest"),
            Self::InvalidDigest(_) => (400, "InvalidDigest"),
            Self::ContentSha256Mismatch => (400, "XAmzContentSHA256Mismatch"),
            Self::IncompleteBody => (400, "IncompleteBody"),
            Self::MalformedXml => (400, "MalformedXML"),
            Self::MalformedPolicy(_) => (400, "MalformedPolicy"),
            Self::InvalidArgument(_) => (400, "InvalidArgument"),
            Self::InvalidRequest(_) => (400, "InvalidRequest"),
            Self::MetadataTooLarge => (400, "MetadataTooLarge"),
            Self::InvalidTag(_) => (400, "InvalidTag"),
            Self::IllegalLocationConstraint(_) => (400, "IllegalLocationConstraintException"),
            Self::AccessControlListNotSupported => (400, "AccessControlListNotSupported"),
            Self::AccessDenied => (403, "AccessDenied"),
            Self::SignatureDoesNotMatch => (403, "SignatureDoesNotMatch"),
            Self::NoSuchSetting(code, _) => (404, code),
            Self::OperationAborted => (409, "OperationAborted"),
            Self::MethodNotAllowed => (405, "MethodNotAllowed"),
            Self::NotImplemented(_) => (501, "NotImplemented"),
            Self::Unavailable(_) => (503, "ServiceUnavailable"),
            Self::Internal(_) => (500, "InternalError"),
        }
    }
}

impl From<StoreError> for ObjectError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(cause) | StoreError::Full(cause) => Self::Unavailable(cause),
            StoreError::Corrupt(cause) | StoreError::Invalid(cause) => {
                tracing::error!(%cause, "the store could not answer for an object");
                Self::Internal(cause)
            }
        }
    }
}

impl From<CommitError> for ObjectError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Conflict(_) => Self::OperationAborted,
            CommitError::Store(cause) => cause.into(),
            CommitError::Unwritable(cause) => Self::Internal(cause),
        }
    }
}

impl From<ObjectError> for AwsError {
    fn from(error: ObjectError) -> Self {
        Self::with_status(error.status(), error.code(), error.to_string())
    }
}

//! Which of S3's operations a request is, and what it takes to be allowed it (Service Authorization Reference, "Actions,
//! resources, and condition keys for Amazon S3").

use bytes::Bytes;
use http::{Method, Request};

use super::{Call, address::Address, bucket, settings::Setting};
use crate::ObjectError;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    ListBuckets,
    CreateBucket,
    HeadBucket,
    DeleteBucket,
    GetBucketLocation,
    ListObjects,
    ListObjectsV2,
    ListObjectVersions,
    DeleteObjects,
    GetObject,
    HeadObject,
    PutObject,
    CopyObject,
    DeleteObject,
    GetObjectTagging,
    PutObjectTagging,
    DeleteObjectTagging,
    GetObjectAcl,
    GetObjectAttributes,
    CreateMultipartUpload,
    UploadPart,
    UploadPartCopy,
    CompleteMultipartUpload,
    AbortMultipartUpload,
    ListParts,
    ListMultipartUploads,
    /// One of what is set on a bucket.
    Setting(Setting, Deed),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    Get,
    Put,
    Delete,
}

/// Query keys that name a part of a bucket or an object, and that nothing here stands for.
const NOT_HERE: [&str; 14] = [
    "analytics",
    "annotations",
    "intelligent-tiering",
    "inventory",
    "legal-hold",
    "metadataConfiguration",
    "metadataTable",
    "metrics",
    "policyStatus",
    "renameObject",
    "restore",
    "retention",
    "select",
    "torrent",
];

impl Operation {
    pub fn of(
        request: &Request<Bytes>,
        address: &Address,
        query: &[(String, String)],
    ) -> Result<Self, ObjectError> {
        let has = |name: &str| query.iter().any(|(key, _)| key == name);
        let value = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        check_version(value("versionId"))?;
        if let Some(name) = NOT_HERE.into_iter().find(|name| has(name)) {
            return Err(ObjectError::NotImplemented(format!("?{name}")));
        }
        let method = request.method();
        match (&address.bucket, &address.key) {
            (None, _) if method == Method::GET || method == Method::HEAD => Ok(Self::ListBuckets),
            (None, _) => Err(ObjectError::MethodNotAllowed),
            (Some(_), None) => of_bucket(method, has, value("list-type")),
            (Some(_), Some(_)) => of_object(method, has, request.headers().contains_key("x-amz-copy-source")),
        }
    }

    /// Whether its body is an object's bytes, and not a document.
    pub fn takes_content(self) -> bool {
        matches!(self, Self::PutObject | Self::UploadPart)
    }

    pub fn actions(self, call: &Call<'_>) -> Result<Vec<(&'static str, String)>, ObjectError> {
        let bucket = format!("arn:aws:s3:::{}", call.bucket());
        let object = format!("{bucket}/{}", call.key());
        let source = || -> Result<_, ObjectError> {
            let (bucket, key) = call.copy_source()?.unwrap_or_default();
            Ok(("s3:GetObject", format!("arn:aws:s3:::{bucket}/{key}")))
        };
        let put = ("s3:PutObject", object.clone());
        let mut needed = match self {
            Self::ListBuckets => vec![("s3:ListAllMyBuckets", String::from("arn:aws:s3:::*"))],
            Self::CreateBucket => vec![("s3:CreateBucket", bucket)],
            Self::DeleteBucket => vec![("s3:DeleteBucket", bucket)],
            Self::HeadBucket | Self::ListObjects | Self::ListObjectsV2 => vec![("s3:ListBucket", bucket)],
            Self::GetBucketLocation => vec![("s3:GetBucketLocation", bucket)],
            Self::ListObjectVersions => vec![("s3:ListBucketVersions", bucket)],
            Self::ListMultipartUploads => vec![("s3:ListBucketMultipartUploads", bucket)],
            Self::DeleteObjects => bucket::keys_to_delete(call.request.body(), call)?
                .0
                .into_iter()
                .map(|key| ("s3:DeleteObject", format!("{bucket}/{key}")))
                .collect(),
            Self::GetObject | Self::HeadObject => vec![("s3:GetObject", object.clone())],
            Self::GetObjectAttributes => {
                vec![("s3:GetObject", object.clone()), ("s3:GetObjectAttributes", object.clone())]
            }
            Self::PutObject
            | Self::CreateMultipartUpload
            | Self::UploadPart
            | Self::CompleteMultipartUpload => {
                vec![put]
            }
            Self::CopyObject | Self::UploadPartCopy => vec![put, source()?],
            Self::DeleteObject => vec![("s3:DeleteObject", object.clone())],
            Self::GetObjectTagging => vec![("s3:GetObjectTagging", object.clone())],
            Self::PutObjectTagging => vec![("s3:PutObjectTagging", object.clone())],
            Self::DeleteObjectTagging => vec![("s3:DeleteObjectTagging", object.clone())],
            Self::GetObjectAcl => vec![("s3:GetObjectAcl", object.clone())],
            Self::AbortMultipartUpload => vec![("s3:AbortMultipartUpload", object.clone())],
            Self::ListParts => vec![("s3:ListMultipartUploadParts", object.clone())],
            Self::Setting(setting, deed) => vec![(setting.action(deed), bucket)],
        };
        if call.header("x-amz-tagging").is_some() && self != Self::PutObjectTagging {
            needed.push(("s3:PutObjectTagging", object));
        }
        Ok(needed)
    }
}

fn of_bucket(
    method: &Method,
    has: impl Fn(&str) -> bool,
    list_type: Option<&str>,
) -> Result<Operation, ObjectError> {
    if let Some(setting) = Setting::ALL.into_iter().find(|setting| has(setting.query())) {
        return match *method {
            Method::GET => Ok(Operation::Setting(setting, Deed::Get)),
            Method::PUT => Ok(Operation::Setting(setting, Deed::Put)),
            Method::DELETE => Ok(Operation::Setting(setting, Deed::Delete)),
            _ => Err(ObjectError::MethodNotAllowed),
        };
    }
    match *method {
        Method::GET if has("location") => Ok(Operation::GetBucketLocation),
        Method::GET if has("uploads") => Ok(Operation::ListMultipartUploads),
        Method::GET if has("versions") => Ok(Operation::ListObjectVersions),
        Method::GET if list_type == Some("2") => Ok(Operation::ListObjectsV2),
        Method::GET => Ok(Operation::ListObjects),
        Method::HEAD => Ok(Operation::HeadBucket),
        Method::PUT => Ok(Operation::CreateBucket),
        Method::DELETE => Ok(Operation::DeleteBucket),
        Method::POST if has("delete") => Ok(Operation::DeleteObjects),
        Method::POST => Err(ObjectError::NotImplemented(String::from("A browser's form upload"))),
        _ => Err(ObjectError::MethodNotAllowed),
    }
}

fn of_object(method: &Method, has: impl Fn(&str) -> bool, copies: bool) -> Result<Operation, ObjectError> {
    match *method {
        Method::GET if has("tagging") => Ok(Operation::GetObjectTagging),
        Method::PUT if has("tagging") => Ok(Operation::PutObjectTagging),
        Method::DELETE if has("tagging") => Ok(Operation::DeleteObjectTagging),
        Method::GET if has("acl") => Ok(Operation::GetObjectAcl),
        Method::PUT if has("acl") => Err(ObjectError::AccessControlListNotSupported),
        Method::GET if has("attributes") => Ok(Operation::GetObjectAttributes),
        Method::POST if has("uploads") => Ok(Operation::CreateMultipartUpload),
        Method::PUT if has("uploadId") && copies => Ok(Operation::UploadPartCopy),
        Method::PUT if has("uploadId") => Ok(Operation::UploadPart),
        Method::POST if has("uploadId") => Ok(Operation::CompleteMultipartUpload),
        Method::DELETE if has("uploadId") => Ok(Operation::AbortMultipartUpload),
        Method::GET if has("uploadId") => Ok(Operation::ListParts),
        Method::GET => Ok(Operation::GetObject),
        Method::HEAD => Ok(Operation::HeadObject),
        Method::PUT if copies => Ok(Operation::CopyObject),
        Method::PUT => Ok(Operation::PutObject),
        Method::DELETE => Ok(Operation::DeleteObject),
        _ => Err(ObjectError::MethodNotAllowed),
    }
}

/// There is one version of an object, and it is called `null`.
pub(crate) fn check_version(version: Option<&str>) -> Result<(), ObjectError> {
    match version {
        None | Some("" | "null") => Ok(()),
        Some(_) => Err(ObjectError::InvalidArgument(String::from("Invalid version id specified"))),
    }
}

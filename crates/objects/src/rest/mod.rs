//! S3's REST-XML wire: a request comes in as bytes, an answer goes out as bytes.
//!
//! The front door checks the request's signature and, with [`actions`], the policies; then it calls [`handle`].

mod address;
mod answer;
mod bucket;
mod chunked;
mod headers;
mod multipart;
mod object;
mod operation;
mod settings;
mod xml;

use base::{Caller, Identity};
use bytes::Bytes;
use http::{Request, Response, header};

pub use chunked::ChunkSigning;

use crate::{
    LARGEST_BODY, ObjectError, Objects,
    checksum::{Algorithm, Claims},
};
use address::Address;
use operation::Operation;

/// Bodies that are read as XML or JSON: at most so many bytes. A policy has 20 KiB, a list of parts a megabyte.
const LARGEST_DOCUMENT: usize = 2 << 20;

/// What is known of a request beside itself.
pub struct Context<'c> {
    /// Host and port of the base URL: what is before it in `Host` names a bucket.
    pub base_host: &'c str,
    pub caller: &'c Caller,
    /// To check a body that is signed chunk by chunk. Without it such a body is refused.
    pub chunk_signing: Option<ChunkSigning<'c>>,
}

/// What a policy must allow for the request: each IAM action and the ARN of what it is done to. All of them.
///
/// An address or a body that cannot be read is an error to answer with [`refuse`].
pub fn actions(
    request: &Request<Bytes>,
    base_host: &str,
    objects: &Objects,
) -> Result<Vec<(&'static str, String)>, ObjectError> {
    let call = Call::read(request, base_host, objects)?;
    call.operation.actions(&call)
}

/// The answer to `request`.
pub async fn handle(objects: &Objects, request: Request<Bytes>, context: &Context<'_>) -> Response<Bytes> {
    let outcome = match Call::read(&request, context.base_host, objects) {
        Ok(call) => call.run(objects, context).await,
        Err(error) => Err(error),
    };
    let response = outcome.unwrap_or_else(|error| refuse(&request, &error, &context.caller.request_id));
    answer::finish(response, &request, &context.caller.request_id)
}

/// `error` as S3 words it.
pub fn refuse(request: &Request<Bytes>, error: &ObjectError, request_id: &str) -> Response<Bytes> {
    answer::refuse(request, error, request_id)
}

/// A request, taken apart.
pub(crate) struct Call<'r> {
    pub request: &'r Request<Bytes>,
    pub address: Address,
    pub query: Vec<(String, String)>,
    pub operation: Operation,
    pub region: String,
}

impl<'r> Call<'r> {
    fn read(request: &'r Request<Bytes>, base_host: &str, objects: &Objects) -> Result<Self, ObjectError> {
        let region = objects.region().to_string();
        let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
        let host = host.or_else(|| request.uri().authority().map(http::uri::Authority::as_str));
        let address = Address::read(host, request.uri().path(), base_host, &region)?;
        let query = form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes());
        let query: Vec<(String, String)> = query.into_owned().collect();
        let operation = Operation::of(request, &address, &query)?;
        Ok(Self { request, address, query, operation, region })
    }

    async fn run(&self, objects: &Objects, context: &Context<'_>) -> Result<Response<Bytes>, ObjectError> {
        let payload = self.payload(context)?;
        self.check_owner(objects).await?;
        match self.operation {
            Operation::ListBuckets
            | Operation::CreateBucket
            | Operation::HeadBucket
            | Operation::DeleteBucket
            | Operation::GetBucketLocation
            | Operation::ListObjects
            | Operation::ListObjectsV2
            | Operation::ListObjectVersions
            | Operation::DeleteObjects => bucket::run(self, objects, payload, account(context)).await,
            Operation::GetObject
            | Operation::HeadObject
            | Operation::PutObject
            | Operation::CopyObject
            | Operation::DeleteObject
            | Operation::GetObjectTagging
            | Operation::PutObjectTagging
            | Operation::DeleteObjectTagging
            | Operation::GetObjectAcl
            | Operation::GetObjectAttributes => object::run(self, objects, payload).await,
            Operation::CreateMultipartUpload
            | Operation::UploadPart
            | Operation::UploadPartCopy
            | Operation::CompleteMultipartUpload
            | Operation::AbortMultipartUpload
            | Operation::ListParts
            | Operation::ListMultipartUploads => multipart::run(self, objects, payload).await,
            Operation::Setting(setting, deed) => settings::run(self, objects, payload, setting, deed).await,
        }
    }

    /// The body without its chunking, and what the client says of it.
    fn payload(&self, context: &Context<'_>) -> Result<Payload, ObjectError> {
        let body = self.request.body();
        if body.len() > LARGEST_BODY {
            return Err(ObjectError::EntityTooLarge);
        }
        let mut payload = Payload { content: body.clone(), claims: Claims::default() };
        payload.claims.md5 = self.header("content-md5").map(str::to_owned);
        self.read_checksums(&mut payload.claims, |name| self.header(name).map(str::to_owned));
        let declared = self.header("x-amz-content-sha256").unwrap_or_default();
        if declared.starts_with("STREAMING-") {
            let (content, trailer) = chunked::decode(body, declared, self, context.chunk_signing.as_ref())?;
            payload.content = content;
            self.read_checksums(&mut payload.claims, |name| {
                trailer.iter().find(|(header, _)| header == name).map(|(_, value)| value.clone())
            });
        } else if declared.len() == 64 {
            payload.claims.sha256 = Some(declared.to_ascii_lowercase());
        }
        if !self.operation.takes_content() && payload.content.len() > LARGEST_DOCUMENT {
            return Err(ObjectError::EntityTooLarge);
        }
        Ok(payload)
    }

    fn read_checksums(&self, claims: &mut Claims, find: impl Fn(&str) -> Option<String>) {
        for algorithm in Algorithm::ALL {
            if let Some(sum) = find(algorithm.header()) {
                claims.checksums.insert(algorithm, sum);
            }
        }
    }

    /// `x-amz-expected-bucket-owner`: someone else's bucket of the same name must not be mistaken for one's own.
    async fn check_owner(&self, objects: &Objects) -> Result<(), ObjectError> {
        let wanted = [
            ("x-amz-expected-bucket-owner", self.address.bucket.clone()),
            ("x-amz-source-expected-bucket-owner", self.copy_source()?.map(|(bucket, _)| bucket)),
        ];
        for (name, bucket) in wanted {
            if let (Some(owner), Some(bucket)) = (self.header(name), bucket)
                && objects.head_bucket(&bucket).await?.owner != owner
            {
                return Err(ObjectError::AccessDenied);
            }
        }
        Ok(())
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.request.headers().get(name).and_then(|value| value.to_str().ok())
    }

    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub fn bucket(&self) -> &str {
        self.address.bucket.as_deref().unwrap_or_default()
    }

    pub fn key(&self) -> &str {
        self.address.key.as_deref().unwrap_or_default()
    }

    /// A number in the query: a default, and what it is cut to.
    pub fn number(&self, name: &str, default: usize, most: usize) -> Result<usize, ObjectError> {
        let Some(text) = self.query(name).filter(|text| !text.is_empty()) else { return Ok(default) };
        let wrong = || {
            ObjectError::InvalidArgument(format!("Provided {name} not an integer or within integer range"))
        };
        text.parse::<i32>()
            .ok()
            .and_then(|number| usize::try_from(number).ok())
            .map(|number| number.min(most))
            .ok_or_else(wrong)
    }

    /// Bucket and key of `x-amz-copy-source`: `bucket/key`, percent-encoded, with or without a slash before.
    pub fn copy_source(&self) -> Result<Option<(String, String)>, ObjectError> {
        let Some(source) = self.header("x-amz-copy-source") else { return Ok(None) };
        let wrong = || {
            ObjectError::InvalidArgument(String::from("Copy Source must mention the source bucket and key"))
        };
        let (path, version) = source.split_once("?versionId=").unwrap_or((source, "null"));
        operation::check_version(Some(version))?;
        let (bucket, key) = path.trim_start_matches('/').split_once('/').ok_or_else(wrong)?;
        let (bucket, key) = (address::decode(bucket)?, address::decode(key)?);
        if bucket.is_empty() || key.is_empty() { Err(wrong()) } else { Ok(Some((bucket, key))) }
    }
}

/// A body, ready to be used.
pub(crate) struct Payload {
    pub content: Bytes,
    pub claims: Claims,
}

impl Payload {
    /// The body of a document, held against what was said of it.
    pub async fn document(self) -> Result<Bytes, ObjectError> {
        crate::checksum::check(self.content.clone(), self.claims).await?;
        Ok(self.content)
    }
}

fn account<'c>(context: &'c Context<'_>) -> &'c str {
    match &context.caller.identity {
        Identity::Principal { account, .. } => account,
        Identity::Anonymous => "",
    }
}

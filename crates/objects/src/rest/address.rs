//! Which bucket and key a request means: by path, or by host (Amazon S3 User Guide, "Virtual hosting of general purpose
//! buckets").

use percent_encoding::percent_decode_str;

use crate::ObjectError;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub bucket: Option<String>,
    pub key: Option<String>,
}

impl Address {
    pub fn read(host: Option<&str>, path: &str, base: &str, region: &str) -> Result<Self, ObjectError> {
        let path = path.strip_prefix('/').unwrap_or(path);
        if let Some(bucket) = host.and_then(|host| bucket_in_host(host, base, region)) {
            let key = (!path.is_empty()).then(|| decode(path)).transpose()?;
            return Ok(Self { bucket: Some(bucket), key });
        }
        let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
        let named = |text: &str| (!text.is_empty()).then(|| decode(text)).transpose();
        Ok(Self { bucket: named(bucket)?, key: named(key)? })
    }
}

/// `<bucket>.<base>`, `<bucket>.s3.<base>` or `<bucket>.s3.<region>.<base>`.
fn bucket_in_host(host: &str, base: &str, region: &str) -> Option<String> {
    let host = host.to_ascii_lowercase();
    let before = host.strip_suffix(&base.to_ascii_lowercase())?.strip_suffix('.')?;
    let service = format!("s3.{region}");
    if before.is_empty() || before == "s3" || before == service {
        return None;
    }
    let bucket = before.strip_suffix(&format!(".{service}")).or_else(|| before.strip_suffix(".s3"));
    Some(bucket.unwrap_or(before).to_owned())
}

pub(crate) fn decode(text: &str) -> Result<String, ObjectError> {
    match percent_decode_str(text).decode_utf8() {
        Ok(text) => Ok(text.into_owned()),
        Err(_) => Err(ObjectError::InvalidArgument(String::from("Couldn't parse the specified URI."))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(host: &str, path: &str) -> (Option<String>, Option<String>) {
        let address = Address::read(Some(host), path, "localhost:4747", "us-east-1").unwrap();
        (address.bucket, address.key)
    }

    fn pair(bucket: &str, key: &str) -> (Option<String>, Option<String>) {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        (some(bucket), some(key))
    }

    #[test]
    fn by_path() {
        for host in ["localhost:4747", "s3.localhost:4747", "s3.us-east-1.localhost:4747", "127.0.0.1:4747"] {
            assert_eq!(read(host, "/"), pair("", ""), "{host}");
            assert_eq!(read(host, "/b"), pair("b", ""));
            assert_eq!(read(host, "/b/"), pair("b", ""));
            assert_eq!(read(host, "/b/a%20b/%C3%A9//+"), pair("b", "a b/é//+"));
            assert_eq!(read(host, "/b//"), pair("b", "/"));
        }
        assert!(Address::read(None, "/b/%FF", "x", "y").is_err());
    }

    #[test]
    fn by_host() {
        for host in ["b.c.localhost:4747", "B.C.S3.localhost:4747", "b.c.s3.us-east-1.localhost:4747"] {
            assert_eq!(read(host, "/"), pair("b.c", ""), "{host}");
            assert_eq!(read(host, "/k/l"), pair("b.c", "k/l"));
        }
    }
}

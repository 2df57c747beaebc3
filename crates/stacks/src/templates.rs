//! Templates that lie in a bucket: `TemplateURL`.

use async_trait::async_trait;
use bytes::Bytes;

/// Reads an object of a bucket.
#[async_trait]
pub trait Templates: Send + Sync + 'static {
    /// `Ok(None)`: there is no such object. The message of an error is for the log.
    async fn read(&self, bucket: &str, key: &str) -> Result<Option<Bytes>, String>;
}

/// Bucket and key of an S3 URL, in any of the forms S3 has: `https://s3.amazonaws.com/b/k`,
/// `https://b.s3.eu-west-1.amazonaws.com/k`, `http://localhost:4747/b/k`.
pub fn location(url: &str) -> Option<(String, String)> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let (host, path) = rest.split_once('/')?;
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let path = decoded(path)?;
    let virtual_bucket =
        [".s3.", ".s3-"].iter().find_map(|mark| host.split_once(mark)).map(|(bucket, _)| bucket);
    let (bucket, key) = match virtual_bucket {
        Some(bucket) => (bucket, path.as_str()),
        None => path.split_once('/')?,
    };
    (!bucket.is_empty() && !key.is_empty()).then(|| (bucket.to_owned(), key.to_owned()))
}

fn decoded(path: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_url_is_understood() {
        let expected = Some((String::from("b"), String::from("x/y z.json")));
        for url in [
            "https://s3.amazonaws.com/b/x/y%20z.json",
            "https://s3.eu-west-1.amazonaws.com/b/x/y%20z.json?versionId=1",
            "https://b.s3.amazonaws.com/x/y%20z.json",
            "https://b.s3.eu-west-1.amazonaws.com/x/y%20z.json",
            "http://localhost:4747/b/x/y%20z.json",
            "http://b.s3.localhost:4747/x/y%20z.json",
        ] {
            assert_eq!(location(url), expected, "{url}");
        }
        assert_eq!(location("https://s3.amazonaws.com/b"), None);
        assert_eq!(location("ftp://s3.amazonaws.com/b/k"), None);
        assert_eq!(location("https://s3.amazonaws.com/b/%zz"), None);
    }
}

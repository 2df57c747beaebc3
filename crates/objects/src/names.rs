//! What a bucket and a key may be called.

use crate::ObjectError;

/// Amazon S3 User Guide, "General purpose bucket naming rules".
pub(crate) fn check_bucket(name: &str) -> Result<(), ObjectError> {
    let inside =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.';
    let edge =
        |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let bytes = name.as_bytes();
    let is_address = name.split('.').count() == 4 && name.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let fits = (3..=63).contains(&bytes.len())
        && bytes.iter().all(|byte| inside(*byte))
        && edge(bytes.first())
        && edge(bytes.last())
        && !name.contains("..")
        && !is_address
        && !name.starts_with("xn--")
        && !name.ends_with("-s3alias");
    if fits { Ok(()) } else { Err(ObjectError::InvalidBucketName(name.to_owned())) }
}

/// "Naming Amazon S3 objects": up to 1,024 bytes of UTF-8. U+0000 has no way through XML and is refused too.
pub(crate) fn check_key(key: &str) -> Result<(), ObjectError> {
    if key.len() > store::engine::NAME_LIMIT {
        return Err(ObjectError::KeyTooLong);
    }
    if key.is_empty() || key.contains('\0') {
        return Err(ObjectError::InvalidArgument(String::from("Object key is empty or holds U+0000")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bucket_names() {
        for good in ["abc", "my-service-dev-serverlessdeploymentbucket-1a2b3c", "a.b.c", "0ab"] {
            assert!(check_bucket(good).is_ok(), "{good}");
        }
        let long = "a".repeat(64);
        for bad in ["", "ab", "Abc", "a_b", "-ab", "ab-", "a..b", "192.168.0.1", "a/b", "..", "é-b", &long] {
            assert!(check_bucket(bad).is_err(), "{bad}");
        }
    }
}

//! `If-Match` and its kin, and `Range` (RFC 9110, sections 13 and 14; Amazon S3 API Reference, "GetObject").

use base::Timestamp;

use crate::ObjectError;

/// What a reader or a writer wants to hold. Entity tags are without their quotes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    pub if_match: Option<String>,
    pub if_none_match: Option<String>,
    pub if_modified_since: Option<Timestamp>,
    pub if_unmodified_since: Option<Timestamp>,
}

impl Conditions {
    /// For reading: 304 or 412 where they do not hold. A matching `If-Match` outweighs `If-Unmodified-Since`, a given
    /// `If-None-Match` outweighs `If-Modified-Since`.
    pub fn check_read(&self, etag: &str, modified_at: Timestamp) -> Result<(), ObjectError> {
        let modified_since = |since: Timestamp| modified_at.seconds() > since.seconds();
        match (&self.if_match, self.if_unmodified_since) {
            (Some(wanted), _) if !matches(wanted, etag) => return Err(ObjectError::PreconditionFailed),
            (None, Some(since)) if modified_since(since) => return Err(ObjectError::PreconditionFailed),
            _ => {}
        }
        let unchanged = match (&self.if_none_match, self.if_modified_since) {
            (Some(held), _) => matches(held, etag),
            (None, Some(since)) => !modified_since(since),
            (None, None) => false,
        };
        if unchanged {
            return Err(ObjectError::NotModified { etag: etag.to_owned(), last_modified: modified_at });
        }
        Ok(())
    }

    /// For writing over `etag`, or where nothing is. A tag that should match a missing object is `NoSuchKey`.
    pub fn check_write(&self, key: &str, etag: Option<&str>) -> Result<(), ObjectError> {
        match (&self.if_match, etag) {
            (Some(_), None) => return Err(ObjectError::NoSuchKey(key.to_owned())),
            (Some(wanted), Some(etag)) if !matches(wanted, etag) => {
                return Err(ObjectError::PreconditionFailed);
            }
            _ => {}
        }
        match (&self.if_none_match, etag) {
            (Some(held), Some(etag)) if matches(held, etag) => Err(ObjectError::PreconditionFailed),
            _ => Ok(()),
        }
    }
}

/// `*`, or a list of tags of which one is it.
fn matches(wanted: &str, etag: &str) -> bool {
    wanted
        .split(',')
        .map(|tag| tag.trim().trim_start_matches("W/").trim_matches('"'))
        .any(|tag| tag == "*" || tag == etag)
}

/// One range of bytes, as asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteRange {
    /// From the first to the second, both inclusive.
    Between(u64, u64),
    From(u64),
    Last(u64),
}

impl ByteRange {
    /// `bytes=0-9`, `bytes=10-`, `bytes=-5`. Anything else, several ranges among it, is ignored as S3 ignores it.
    pub fn parse(header: &str) -> Option<Self> {
        let (first, last) = header.trim().strip_prefix("bytes=")?.split_once('-')?;
        match (first.trim(), last.trim()) {
            ("", last) => Some(Self::Last(last.parse().ok()?)),
            (first, "") => Some(Self::From(first.parse().ok()?)),
            (first, last) => {
                let (first, last) = (first.parse().ok()?, last.parse().ok()?);
                (first <= last).then_some(Self::Between(first, last))
            }
        }
    }

    /// The first byte and the one past the last, of `size` bytes.
    pub fn within(self, size: u64) -> Result<(u64, u64), ObjectError> {
        let (from, to) = match self {
            Self::Between(first, last) => (first, last.saturating_add(1).min(size)),
            Self::From(first) => (first, size),
            Self::Last(count) => (size.saturating_sub(count), size),
        };
        if from < to { Ok((from, to)) } else { Err(ObjectError::InvalidRange) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp::from_seconds(1000);

    fn read(conditions: Conditions) -> u16 {
        conditions.check_read("tag", AT).map_or_else(|error| error.status(), |()| 200)
    }

    #[test]
    fn reading_under_conditions() {
        let tag = |text: &str| Some(text.to_owned());
        let (before, after) = (Some(AT.plus_seconds(-1)), Some(AT.plus_seconds(1)));
        assert_eq!(read(Conditions::default()), 200);
        assert_eq!(read(Conditions { if_match: tag("\"tag\""), ..Conditions::default() }), 200);
        assert_eq!(read(Conditions { if_match: tag("other"), ..Conditions::default() }), 412);
        assert_eq!(
            read(Conditions { if_none_match: tag("\"other\", \"tag\""), ..Conditions::default() }),
            304
        );
        assert_eq!(read(Conditions { if_modified_since: Some(AT), ..Conditions::default() }), 304);
        assert_eq!(read(Conditions { if_modified_since: before, ..Conditions::default() }), 200);
        assert_eq!(read(Conditions { if_unmodified_since: before, ..Conditions::default() }), 412);
        let both = Conditions { if_match: tag("tag"), if_unmodified_since: before, ..Conditions::default() };
        assert_eq!(read(both), 200);
        let both =
            Conditions { if_none_match: tag("other"), if_modified_since: after, ..Conditions::default() };
        assert_eq!(read(both), 200);
    }

    #[test]
    fn writing_under_conditions() {
        let new = Conditions { if_none_match: Some(String::from("*")), ..Conditions::default() };
        assert!(new.check_write("k", None).is_ok());
        assert_eq!(new.check_write("k", Some("tag")).unwrap_err().status(), 412);
        let same = Conditions { if_match: Some(String::from("tag")), ..Conditions::default() };
        assert!(same.check_write("k", Some("tag")).is_ok());
        assert_eq!(same.check_write("k", Some("other")).unwrap_err().status(), 412);
        assert_eq!(same.check_write("k", None).unwrap_err().status(), 404);
    }

    #[test]
    fn ranges() {
        let within = |header: &str| ByteRange::parse(header).map(|range| range.within(10).ok());
        assert_eq!(within("bytes=0-3"), Some(Some((0, 4))));
        assert_eq!(within("bytes=8-99"), Some(Some((8, 10))));
        assert_eq!(within("bytes=4-"), Some(Some((4, 10))));
        assert_eq!(within("bytes=-3"), Some(Some((7, 10))));
        assert_eq!(within("bytes=-99"), Some(Some((0, 10))));
        assert_eq!(within("bytes=10-"), Some(None));
        assert_eq!(within("bytes=-0"), Some(None));
        assert_eq!(within("bytes=0-18446744073709551615"), Some(Some((0, 10))));
        for ignored in ["bytes=3-1", "bytes=0-1,3-4", "items=0-1", "bytes=a-b", "bytes="] {
            assert_eq!(within(ignored), None, "{ignored}");
        }
    }
}

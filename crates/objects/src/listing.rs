//! Listing a bucket: by prefix, folded at a delimiter, page by page (Amazon S3 API Reference, "ListObjectsV2").

use base::PageToken;
use store::{Query, engine::past_prefix};

use crate::{Object, ObjectError, Objects, content, rows::ObjectRow};

/// The most entries of a page, keys and folded prefixes together.
pub const PAGE: usize = 1000;

#[derive(Clone, Debug, Default)]
pub struct ListOptions {
    pub prefix: String,
    /// What stands between this and the prefix is folded into one entry.
    pub delimiter: Option<String>,
    /// Go on after this key, or after everything folded into this prefix.
    pub after: Option<String>,
    /// At most [`PAGE`].
    pub limit: usize,
}

#[derive(Clone, Debug, Default)]
pub struct Listing {
    pub objects: Vec<Object>,
    /// Each ends with the delimiter.
    pub common_prefixes: Vec<String>,
    /// The last entry of the page, where there are more: `after` of the next.
    pub next: Option<String>,
}

impl Objects {
    pub async fn list(&self, bucket: &str, options: &ListOptions) -> Result<Listing, ObjectError> {
        let bucket = self.bucket(bucket).await?;
        let ListOptions { prefix, delimiter, after, limit } = options;
        if prefix.contains('\0') || after.as_ref().is_some_and(|after| after.contains('\0')) {
            return Err(ObjectError::InvalidArgument(String::from("A key holds no U+0000")));
        }
        let limit = (*limit).min(PAGE);
        let delimiter = delimiter.as_deref().filter(|delimiter| !delimiter.is_empty());
        let mut listing = Listing::default();
        let mut last: Option<String> = None;
        let Some(mut start) = Start::of(prefix, delimiter, after.as_deref()) else { return Ok(listing) };
        if limit == 0 {
            return Ok(listing);
        }
        let end = past_prefix(prefix);
        loop {
            let all = Query::<ObjectRow>::in_partition(&bucket.value.id).limit((limit + 1).min(PAGE));
            // No key has more than 1,024 bytes, so this sorts after them all.
            let before = end.clone().unwrap_or_else(|| String::from(char::MAX).repeat(257));
            let page = self.store().query(match &start {
                Start::At(key) => all.between(key, before),
                Start::After(key) => all.between(prefix, before).after(Some(PageToken(key.clone()))),
            });
            let page = page.await?;
            let is_last = page.next.is_none();
            let mut folded: Option<String> = None;
            for row in page.rows {
                let key = row.value.key.clone();
                if folded.as_ref().is_some_and(|folded| key.starts_with(folded)) {
                    continue;
                }
                if listing.objects.len() + listing.common_prefixes.len() == limit {
                    listing.next = last;
                    return Ok(listing);
                }
                match common_prefix(&key, prefix, delimiter) {
                    Some(common) => {
                        listing.common_prefixes.push(common.to_owned());
                        last = Some(common.to_owned());
                        folded = Some(common.to_owned());
                    }
                    None => {
                        folded = None;
                        last = Some(key.clone());
                        listing.objects.push(content::seen(row.value));
                    }
                }
                start = Start::After(key);
            }
            if is_last {
                return Ok(listing);
            }
            // A folder with more than a page of keys is stepped over, not walked through.
            if let Some(folded) = folded {
                match past_prefix(&folded) {
                    Some(past) => start = Start::At(past),
                    None => return Ok(listing),
                }
            }
        }
    }
}

/// Where to look from.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Start {
    At(String),
    After(String),
}

impl Start {
    /// `None` where there can be nothing.
    fn of(prefix: &str, delimiter: Option<&str>, after: Option<&str>) -> Option<Self> {
        let Some(after) = after.filter(|after| *after >= prefix) else {
            return Some(Self::At(prefix.to_owned()));
        };
        // A page that ended with a folded prefix goes on past all that was folded.
        if common_prefix(after, prefix, delimiter) == Some(after) {
            return past_prefix(after).map(Self::At);
        }
        Some(Self::After(after.to_owned()))
    }
}

fn common_prefix<'k>(key: &'k str, prefix: &str, delimiter: Option<&str>) -> Option<&'k str> {
    let delimiter = delimiter?;
    let rest = key.strip_prefix(prefix)?;
    let at = rest.find(delimiter)?;
    Some(&key[..prefix.len() + at + delimiter.len()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_folded_at_the_delimiter() {
        assert_eq!(common_prefix("a/b/c", "", Some("/")), Some("a/"));
        assert_eq!(common_prefix("a/b/c", "a/", Some("/")), Some("a/b/"));
        assert_eq!(common_prefix("a/b", "a/", Some("/")), None);
        assert_eq!(common_prefix("a--b--c", "a", Some("--")), Some("a--"));
        assert_eq!(common_prefix("a/b", "", None), None);
    }

    #[test]
    fn a_page_goes_on_where_the_last_one_ended() {
        let start = |prefix, delimiter, after| Start::of(prefix, delimiter, after);
        assert_eq!(start("a/", Some("/"), None), Some(Start::At(String::from("a/"))));
        assert_eq!(start("a/", Some("/"), Some("a/b/")), Some(Start::At(String::from("a/b0"))));
        assert_eq!(start("a/", None, Some("a/b/")), Some(Start::After(String::from("a/b/"))));
        assert_eq!(start("b", None, Some("a")), Some(Start::At(String::from("b"))));
    }
}

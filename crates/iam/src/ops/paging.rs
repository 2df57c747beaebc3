//! Lists in pages: `MaxItems` and `Marker`.

use base::PageToken;
use facts::iam::errors;

use crate::failure::{Failure, refused};

const DEFAULT_PAGE: i64 = 100;

pub(super) struct Paged<T> {
    pub items: Vec<T>,
    pub is_truncated: Option<bool>,
    pub marker: Option<String>,
}

/// The page of `items`, which are in the order of their keys, that begins after the marker.
pub(super) fn page<T>(
    items: Vec<T>,
    key: impl Fn(&T) -> String,
    marker: Option<&str>,
    max_items: Option<i64>,
) -> Result<Paged<T>, Failure> {
    let after = marker
        .map(|marker| PageToken::from_wire(marker).map_err(|_| invalid_marker()))
        .transpose()?
        .map(|PageToken(key)| key);
    let size = usize::try_from(max_items.unwrap_or(DEFAULT_PAGE)).unwrap_or(1);
    let mut rest = items.into_iter().filter(|item| after.as_ref().is_none_or(|after| key(item) > *after));
    let items: Vec<T> = rest.by_ref().take(size).collect();
    let truncated = rest.next().is_some();
    let marker = items.last().filter(|_| truncated).map(|last| PageToken(key(last)).to_wire());
    Ok(Paged { items, is_truncated: Some(truncated), marker })
}

fn invalid_marker() -> Failure {
    refused(errors::ValidationError(String::from("Invalid Marker.")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_after_page() {
        let all = || vec!["a", "b", "c"];
        let first = page(all(), |item| (*item).to_owned(), None, Some(2)).unwrap();
        assert_eq!((first.items, first.is_truncated), (vec!["a", "b"], Some(true)));
        let second = page(all(), |item| (*item).to_owned(), first.marker.as_deref(), Some(2)).unwrap();
        assert_eq!((second.items, second.is_truncated, second.marker), (vec!["c"], Some(false), None));
        assert!(page(all(), |item| (*item).to_owned(), Some("zz"), None).is_err());
    }
}

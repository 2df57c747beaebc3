//! `method.request.header.Authorization` and its kin: a known beginning, and a name behind it.

/// A beginning, and what the name behind it becomes.
pub type Kind<T> = (&'static str, fn(String) -> T);

/// `None` where `text` begins with none of `kinds`, or ends there.
pub fn read<T>(text: &str, kinds: &[Kind<T>]) -> Option<T> {
    kinds.iter().find_map(|(beginning, make)| {
        let name = text.strip_prefix(beginning).filter(|name| !name.is_empty())?;
        Some(make(name.to_owned()))
    })
}

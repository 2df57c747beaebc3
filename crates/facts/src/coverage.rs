//! What a room serves, held against what the API has: every operation is implemented or explained.

use std::collections::{BTreeMap, BTreeSet};

use crate::Service;

/// The operations that stand in an `unsupported.txt`, with the reason: one a line, `Operation: why it is not there`; lines
/// that begin with `#` are remarks.
pub fn unsupported(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut found = BTreeMap::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match line.split_once(':') {
            Some((name, reason)) if !reason.trim().is_empty() => {
                if found.insert(name.trim().to_owned(), reason.trim().to_owned()).is_some() {
                    return Err(format!("line {}: {} stands there twice", number + 1, name.trim()));
                }
            }
            _ => return Err(format!("line {}: expected 'Operation: reason', found '{line}'", number + 1)),
        }
    }
    Ok(found)
}

/// Says which operations of `service` are neither implemented nor explained, are both, or are not the API's at all. For a
/// room's test: `coverage::check(&facts::cognito_idp::SERVICE, &implemented, include_str!("../unsupported.txt"))`.
pub fn check(service: &Service, implemented: &[&str], unsupported_txt: &str) -> Result<(), String> {
    let explained = unsupported(unsupported_txt)?;
    let implemented: BTreeSet<&str> = implemented.iter().copied().collect();
    let mut complaints = Vec::new();
    for operation in service.operations {
        match (implemented.contains(operation.name), explained.contains_key(operation.name)) {
            (true, true) => {
                complaints.push(format!("{}: implemented, and in unsupported.txt too", operation.name))
            }
            (false, false) => {
                complaints.push(format!("{}: neither implemented nor in unsupported.txt", operation.name))
            }
            _ => {}
        }
    }
    let named = implemented.iter().copied().chain(explained.keys().map(String::as_str));
    for name in named.filter(|name| service.operation(name).is_none()) {
        complaints.push(format!("{name}: not an operation of {}", service.name));
    }
    if complaints.is_empty() { Ok(()) } else { Err(complaints.join("\n")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_in_one_place() {
        let service = &crate::sts::SERVICE;
        let all: Vec<&str> = service.operations.iter().map(|operation| operation.name).collect();
        assert_eq!(check(service, &all, "# nothing\n"), Ok(()));
        let complaint = check(service, &all[1..], "AssumeRoot: no organizations here\nNope: x").unwrap_err();
        assert!(complaint.contains("AssumeRole: neither"), "{complaint}");
        assert!(complaint.contains("AssumeRoot: implemented, and"), "{complaint}");
        assert!(complaint.contains("Nope: not an operation of sts"), "{complaint}");
        assert!(unsupported("AssumeRoot:").is_err());
    }
}

//! Which REST operation a method and a path mean.

use facts::{OperationShape, Service};
use percent_encoding::percent_decode_str;

/// The operation whose template fits best: a literal segment beats a label, and a template that asks for a query beats one
/// that does not. A slash at the end does not matter (older clients send one).
pub fn find(service: &Service, method: &str, path: &str, query: &str) -> Option<&'static OperationShape> {
    let mut best: Option<((usize, bool), &'static OperationShape)> = None;
    for operation in service.operations.iter().filter(|operation| operation.method == method) {
        let asked = operation.uri.split_once('?').map(|(_, asked)| asked);
        if asked.is_some_and(|asked| !query.split('&').any(|pair| pair == asked)) {
            continue;
        }
        let Some(labels) = labels(operation.uri, path) else { continue };
        let rank = (labels.len(), asked.is_none());
        if best.is_none_or(|(lowest, _)| rank < lowest) {
            best = Some((rank, operation));
        }
    }
    best.map(|(_, operation)| operation)
}

/// The labels of `template` as `path` fills them, decoded; `None` where the path does not fit or is not UTF-8.
pub fn labels(template: &'static str, path: &str) -> Option<Vec<(&'static str, String)>> {
    let template = template.split('?').next().unwrap_or_default();
    let mut labels = Vec::new();
    let mut segments = segments(path);
    for part in self::segments(template) {
        match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some(label) => {
                let (label, text) = match label.strip_suffix('+') {
                    Some(label) => (label, segments.by_ref().collect::<Vec<_>>().join("/")),
                    None => (label, segments.next()?.to_owned()),
                };
                let text = percent_decode_str(&text).decode_utf8().ok()?.into_owned();
                if text.is_empty() {
                    return None;
                }
                labels.push((label, text));
            }
            None if segments.next() == Some(part) => {}
            None => return None,
        }
    }
    segments.next().is_none().then_some(labels)
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.trim_start_matches('/').trim_end_matches('/').split('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_lambda_operations() {
        let find =
            |method, path| find(&facts::lambda::SERVICE, method, path, "").map(|operation| operation.name);
        assert_eq!(find("POST", "/2015-03-31/functions"), Some("CreateFunction"));
        assert_eq!(find("GET", "/2015-03-31/functions/"), Some("ListFunctions"));
        assert_eq!(find("GET", "/2015-03-31/functions/hello"), Some("GetFunction"));
        assert_eq!(find("POST", "/2015-03-31/functions/hello/invocations"), Some("Invoke"));
        assert_eq!(find("PUT", "/2015-03-31/functions/hello/code"), Some("UpdateFunctionCode"));
        assert_eq!(find("GET", "/2015-03-31/nothing"), None);
        assert_eq!(find("PATCH", "/2015-03-31/functions"), None);
    }

    #[test]
    fn every_rest_operation_is_found_by_its_own_template() {
        for operation in facts::lambda::SERVICE.operations {
            let (path, query) = operation.uri.split_once('?').unwrap_or((operation.uri, ""));
            let path: String = path
                .split('/')
                .map(|part| if part.starts_with('{') { "x" } else { part })
                .collect::<Vec<_>>()
                .join("/");
            let found = find(&facts::lambda::SERVICE, operation.method, &path, query).map(|found| found.name);
            assert_eq!(found, Some(operation.name), "{} {path}", operation.method);
        }
    }

    #[test]
    fn a_label_is_decoded_once() {
        let labels = labels("/functions/{FunctionName}", "/functions/arn%3Aaws%3Alambda%2Fx%2541").unwrap();
        assert_eq!(labels, [("FunctionName", String::from("arn:aws:lambda/x%41"))]);
        assert_eq!(super::labels("/functions/{FunctionName}", "/functions/%ff"), None);
    }
}

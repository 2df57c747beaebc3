//! A handler that does not exist is found before anything goes up, not at the first request.

use super::walk::Found;
use crate::{
    diagnostics::Diagnostic,
    node::Node,
    service::{Function, Service},
};

/// `src/users.list` is the function `list` of `src/users.js` (AWS Lambda Developer Guide, "Define Lambda function
/// handler in Node.js"). Runtimes whose handler is not a file's name are left alone.
pub fn check(service: &Service, function: &Function, files: &[Found], problems: &mut Vec<Diagnostic>) {
    let Some(node) = function.node.get("handler") else { return };
    let Some(handler) = node.as_text() else { return };
    let runtime = function.node.get("runtime").or(service.provider.get("runtime")).and_then(Node::as_text);
    let runtime = runtime.unwrap_or(crate::compile::DEFAULT_RUNTIME);
    let extensions: &[&str] = match runtime {
        _ if runtime.starts_with("nodejs") => &["js", "mjs", "cjs"],
        _ if runtime.starts_with("python") => &["py"],
        _ if runtime.starts_with("ruby") => &["rb"],
        _ => return,
    };
    let (folder, last) = handler.rsplit_once('/').map_or(("", handler), |(folder, last)| (folder, last));
    // Node splits at the first point of the file's name, the others at the last one.
    let split = if runtime.starts_with("nodejs") { last.split_once('.') } else { last.rsplit_once('.') };
    let Some((module, export)) = split.filter(|(module, export)| !module.is_empty() && !export.is_empty())
    else {
        let problem =
            Diagnostic::error(node.place, format!("'{handler}' does not name a function of a file"))
                .help("write the file without its ending, a point, and the function: handler.hello");
        problems.push(problem);
        return;
    };
    let module = match folder.strip_prefix("./").unwrap_or(folder) {
        "" | "." => module.to_owned(),
        folder => format!("{folder}/{module}"),
    };
    let candidates = extensions.iter().map(|extension| format!("{module}.{extension}")).collect::<Vec<_>>();
    if candidates.iter().any(|path| files.iter().any(|file| file.path == *path)) {
        return;
    }
    let problem = if let Some(path) = candidates.iter().find(|path| service.folder.join(path).is_file()) {
        Diagnostic::error(
            node.place,
            format!("{path}, which holds the handler of '{}', is not in its package", function.key),
        )
        .help("package.patterns leaves it out; add it behind the pattern that does")
    } else if runtime.starts_with("nodejs") && service.folder.join(format!("{module}.ts")).is_file() {
        Diagnostic::error(node.place, format!("{module}.ts is TypeScript, which does not run as it is"))
            .help("build it, and point the handler at the JavaScript")
    } else {
        let tried = candidates.join(", ");
        Diagnostic::error(
            node.place,
            format!("the handler of '{}' is in a file that does not exist", function.key),
        )
        .help(format!("looked for {tried}, with the function '{export}' in it"))
    };
    problems.push(problem);
}

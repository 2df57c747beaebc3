//! Writes a table as statics of `facts::shape`'s types.

use std::{collections::BTreeSet, fmt::Write};

use crate::{
    Service,
    table::{Member, Operation, Shape, Table},
};

pub fn write(service: &Service, table: &Table) -> String {
    let mut code = String::new();
    let fact = |key: &str| table.facts.get(key).map(String::as_str);
    let protocol = match fact("protocol") {
        Some("query") => "Query",
        Some("rest-json") => "RestJson",
        _ => "Json",
    };
    let _ = writeln!(
        code,
        "pub static SERVICE: crate::Service = crate::Service {{ name: {:?}, version: {:?}, protocol: \
         crate::Protocol::{protocol}, json_version: {:?}, target_prefix: {:?}, namespace: {:?}, invalid: {:?}, \
         operations: OPERATIONS }};",
        table.service,
        fact("version").unwrap_or_default(),
        fact("json").unwrap_or_default(),
        fact("target").unwrap_or_default(),
        fact("namespace").unwrap_or_default(),
        service.invalid,
    );
    let mut operations: Vec<&Operation> = table.operations.iter().collect();
    operations.sort_by(|one, other| one.name.cmp(&other.name));
    let names: Vec<String> =
        operations.iter().map(|operation| format!("&operations::{}", operation.name)).collect();
    let _ = writeln!(code, "static OPERATIONS: &[&crate::OperationShape] = &[{}];", names.join(", "));
    code.push_str("pub(crate) mod operations { use super::{SERVICE, shapes};\n");
    for operation in operations {
        code.push_str(&self::operation(operation));
    }
    code.push_str("}\npub(crate) mod shapes { use crate::shape::*;\n");
    // Each pattern once, so that it is compiled once.
    let patterns: BTreeSet<String> =
        table.shapes.values().filter_map(|shape| shape.pattern.clone()).collect();
    let patterns: Vec<String> = patterns.into_iter().collect();
    let _ = writeln!(code, "static PATTERNS: [Pattern; {}] = [", patterns.len());
    for pattern in &patterns {
        let _ = writeln!(code, "Pattern::new({pattern:?}),");
    }
    code.push_str("];\n");
    for (name, shape) in &table.shapes {
        if shape.kind == "error" {
            let code_name = shape.pairs.get("code").unwrap_or(name);
            let status = shape.pairs.get("status").map_or("400", String::as_str);
            let members = members(&shape.members);
            let _ = writeln!(
                code,
                "pub static {name}: ErrorShape = ErrorShape {{ name: {name:?}, code: {code_name:?}, status: {status}, \
                 members: {members} }};",
            );
        } else {
            let _ = writeln!(
                code,
                "pub static {name}: Shape = Shape {{ name: {name:?}, sensitive: {}, kind: {} }};",
                shape.sensitive(),
                kind(shape, &patterns),
            );
        }
    }
    code.push_str("}\n");
    code
}

fn operation(operation: &Operation) -> String {
    let shape = |name: &Option<String>| match name {
        Some(name) => format!("Some(&shapes::{name})"),
        None => String::from("None"),
    };
    let errors: Vec<String> = operation.errors.iter().map(|name| format!("&shapes::{name}")).collect();
    let page = operation.page.as_ref().map_or(String::from("None"), |page| {
        let word = |key: &str| page.get(key).map(String::as_str);
        format!(
            "Some(crate::shape::Pages {{ token: {:?}, next: {:?}, limit: {:?} }})",
            word("token").unwrap_or_default(),
            word("next").unwrap_or_default(),
            word("limit"),
        )
    });
    format!(
        "pub static {}: crate::OperationShape = crate::OperationShape {{ service: &SERVICE, name: {:?}, signed: {}, method: {:?}, uri: {:?}, status: {}, input: \
         {}, output: {}, result: {:?}, errors: &[{}], pages: {page} }};\n",
        operation.name,
        operation.name,
        !operation.unsigned,
        operation.method,
        operation.uri,
        operation.status,
        shape(&operation.input),
        shape(&operation.output),
        operation.wrapper,
        errors.join(", "),
    )
}

fn kind(shape: &Shape, patterns: &[String]) -> String {
    let flag = |flag: &str| shape.flags.iter().any(|word| word == flag);
    let part = |part: &str| shape.pairs.get(part).map_or("", String::as_str);
    let limits = limits(shape);
    match shape.kind.as_str() {
        "structure" => format!(
            "Kind::Structure {{ members: {}, payload: {:?} }}",
            members(&shape.members),
            shape.pairs.get("payload"),
        ),
        "list" => format!("Kind::List {{ member: &{}, limits: {limits} }}", part("member")),
        "map" => {
            format!("Kind::Map {{ key: &{}, value: &{}, limits: {limits} }}", part("key"), part("value"))
        }
        "string" => {
            let pattern = shape.pattern.as_ref().map_or(String::from("None"), |pattern| {
                let at = patterns.iter().position(|known| known == pattern).unwrap_or_default();
                format!("Some(&PATTERNS[{at}])")
            });
            format!("Kind::String {{ limits: {limits}, pattern: {pattern}, values: &{:?} }}", shape.values)
        }
        "integer" => format!("Kind::Integer {{ limits: {limits} }}"),
        "long" => format!("Kind::Long {{ limits: {limits} }}"),
        "double" | "float" => format!("Kind::Double {{ limits: {limits} }}"),
        "boolean" => String::from("Kind::Boolean"),
        "timestamp" => String::from("Kind::Timestamp"),
        "blob" => format!("Kind::Blob {{ limits: {limits}, streaming: {} }}", flag("streaming")),
        _ => String::from("Kind::Document"),
    }
}

fn limits(shape: &Shape) -> String {
    let float = matches!(shape.kind.as_str(), "double" | "float");
    let bound = |bound: &str| match shape.pairs.get(bound) {
        Some(number) if float => format!("Some({number}f64)"),
        Some(number) => format!("Some({number})"),
        None => String::from("None"),
    };
    format!("Limits {{ min: {}, max: {} }}", bound("min"), bound("max"))
}

fn members(members: &[Member]) -> String {
    let mut code = String::from("&[");
    for member in members {
        let location = match &member.location {
            Some((place, name)) => {
                let place = match place.as_str() {
                    "uri" => "Uri",
                    "querystring" => "Query",
                    "header" => "Header",
                    "headers" => "Headers",
                    _ => "Status",
                };
                format!("Location::{place}({name:?})")
            }
            None => String::from("Location::Body"),
        };
        let _ = write!(
            code,
            "Member {{ name: {:?}, shape: &{}, required: {}, location: {location} }}, ",
            member.name, member.shape, member.required,
        );
    }
    code.push(']');
    code
}

//! Writes the operations as unit structs, their shapes as plain structs and their errors as enums.

use std::{collections::BTreeSet, fmt::Write};

use crate::{
    Service,
    names::field,
    table::{Operation, Shape, Table},
};

pub fn write(service: &Service, table: &Table) -> String {
    if service.typed.is_some_and(<[&str]>::is_empty) {
        return String::new();
    }
    let mut code = errors(service, table);
    let mut structures = BTreeSet::new();
    for operation in &table.operations {
        if service.typed.is_some_and(|typed| !typed.contains(&operation.name.as_str())) {
            continue;
        }
        code.push_str(&self::operation(service, operation));
        for shape in operation.input.iter().chain(&operation.output) {
            walk(table, shape, &mut structures);
        }
    }
    for name in &structures {
        code.push_str(&structure(table, name, &table.shapes[name]));
    }
    code
}

/// A struct for each error, so that shared code can raise it for any operation that lists it.
fn errors(service: &Service, table: &Table) -> String {
    let mut code = String::from("pub mod errors {\n");
    let mut names: BTreeSet<&str> = service.common.iter().map(|(name, _)| *name).collect();
    names.extend(table.operations.iter().flat_map(|operation| operation.errors.iter().map(String::as_str)));
    for name in &names {
        let (code_name, status) =
            match (table.shapes.get(*name), service.common.iter().find(|(n, _)| n == name)) {
                (Some(shape), _) => (
                    shape.pairs.get("code").map_or(*name, String::as_str),
                    shape.pairs.get("status").map_or("400", String::as_str).to_owned(),
                ),
                (None, Some((_, status))) => (*name, status.to_string()),
                (None, None) => (*name, String::from("400")),
            };
        let _ = writeln!(code, "crate::error_struct!({name}, {status}, {code_name:?});");
    }
    let bounds: Vec<String> = service.common.iter().map(|(name, _)| format!("From<{name}>")).collect();
    let _ = writeln!(
        code,
        "/// What the error set of any operation of this service can be made from.\n\
         pub trait Common: {0} + Into<crate::WireError> + Send + 'static {{}}\n\
         impl<E: {0} + Into<crate::WireError> + Send + 'static> Common for E {{}}\n}}",
        bounds.join(" + "),
    );
    code
}

fn operation(service: &Service, operation: &Operation) -> String {
    let name = &operation.name;
    let mut raised: BTreeSet<&str> = service.common.iter().map(|(name, _)| *name).collect();
    raised.extend(operation.errors.iter().map(String::as_str));
    let raised: Vec<&str> = raised.into_iter().collect();
    let shape = |name: &Option<String>| name.clone().unwrap_or_else(|| String::from("crate::Empty"));
    format!(
        "crate::operation!({:?}, {name}, {name}Error, {}, {}, {}, [{}]);\n",
        service.file,
        !operation.unsigned,
        shape(&operation.input),
        shape(&operation.output),
        raised.join(", "),
    )
}

fn walk(table: &Table, name: &str, found: &mut BTreeSet<String>) {
    let Some(shape) = table.shapes.get(name) else { return };
    if shape.kind == "structure" && !found.insert(name.to_owned()) {
        return;
    }
    for part in ["member", "value"] {
        if let Some(of) = shape.pairs.get(part) {
            walk(table, of, found);
        }
    }
    for member in &shape.members {
        walk(table, &member.shape, found);
    }
}

fn structure(table: &Table, name: &str, shape: &Shape) -> String {
    let mut fields = String::new();
    let mut reads = String::new();
    let mut writes = String::new();
    for member in &shape.members {
        let field = field(&member.name);
        let mut of = rust(table, &member.shape);
        if table.shapes[&member.shape].kind == "structure" && reaches(table, &member.shape, name) {
            of = format!("::std::boxed::Box<{of}>");
        }
        if !member.required {
            of = format!("::std::option::Option<{of}>");
        }
        let _ = write!(fields, "pub {field}: {of}, ");
        let _ = write!(reads, "{field}: fields.take({:?})?, ", member.name);
        let _ = write!(writes, "object.put({:?}, &self.{field}); ", member.name);
    }
    format!(
        "#[derive(Clone, Default)] pub struct {name} {{ {fields} }}\n\
         impl crate::Wire for {name} {{\n\
         fn read(value: ::serde_json::Value) -> ::std::result::Result<Self, crate::Unreadable> {{ #[allow(unused_mut)] \
         let mut fields = crate::wire::Fields::of(value)?; let _ = &mut fields; \
         ::std::result::Result::Ok(Self {{ {reads} }}) }}\n\
         fn write(&self) -> ::serde_json::Value {{ #[allow(unused_mut)] let mut object = crate::wire::Object::new(); \
         {writes} object.done() }} }}\n\
         crate::structure!({name});\n",
    )
}

fn rust(table: &Table, name: &str) -> String {
    let shape = &table.shapes[name];
    let part = |part: &str| rust(table, &shape.pairs[part]);
    match shape.kind.as_str() {
        "structure" => name.to_owned(),
        "list" => format!("::std::vec::Vec<{}>", part("member")),
        "map" => format!("::std::collections::BTreeMap<::std::string::String, {}>", part("value")),
        "string" | "blob" => String::from("::std::string::String"),
        "integer" | "long" => String::from("i64"),
        "double" | "float" | "timestamp" => String::from("f64"),
        "boolean" => String::from("bool"),
        _ => String::from("::serde_json::Value"),
    }
}

/// Whether a value of `from` can hold a `target` directly, so that a box is needed.
fn reaches(table: &Table, from: &str, target: &str) -> bool {
    let mut seen = BTreeSet::new();
    walk_direct(table, from, &mut seen);
    seen.contains(target)
}

fn walk_direct(table: &Table, name: &str, seen: &mut BTreeSet<String>) {
    if !seen.insert(name.to_owned()) {
        return;
    }
    for member in &table.shapes[name].members {
        if table.shapes[&member.shape].kind == "structure" {
            walk_direct(table, &member.shape, seen);
        }
    }
}

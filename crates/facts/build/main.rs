//! Turns `facts/*.facts` into Rust: static shape tables for every service, and types for every operation.

mod names;
mod shapes;
mod table;
mod types;

use std::{error::Error, fs, path::Path};

/// A service's table, its Rust module, the name it gives a broken constraint, and the errors that any of its
/// operations may raise besides those it lists (each service's API Reference, "Common Error Types").
pub struct Service {
    pub file: &'static str,
    pub module: &'static str,
    pub invalid: &'static str,
    pub common: &'static [(&'static str, u16)],
    /// The operations that get Rust types; `None` means all. Tables hold every operation; types cost compile time, so that
    /// only those are here that a room uses.
    pub typed: Option<&'static [&'static str]>,
}

const SERVICES: [Service; 6] = [
    Service {
        file: "cognito-idp",
        module: "cognito_idp",
        invalid: "InvalidParameterException",
        common: &[
            ("InternalErrorException", 500),
            ("InvalidParameterException", 400),
            ("NotImplemented", 501),
            ("SerializationException", 400),
            ("ServiceUnavailable", 503),
            ("TooManyRequestsException", 400),
        ],
        typed: None,
    },
    Service {
        file: "cloudformation",
        module: "cloudformation",
        invalid: "ValidationError",
        common: QUERY,
        typed: Some(&[
            "CancelUpdateStack",
            "ContinueUpdateRollback",
            "CreateChangeSet",
            "CreateStack",
            "DeleteChangeSet",
            "DeleteStack",
            "DescribeChangeSet",
            "DescribeStackEvents",
            "DescribeStackResource",
            "DescribeStackResources",
            "DescribeStacks",
            "EstimateTemplateCost",
            "ExecuteChangeSet",
            "GetStackPolicy",
            "GetTemplate",
            "GetTemplateSummary",
            "ListChangeSets",
            "ListExports",
            "ListImports",
            "ListStackResources",
            "ListStacks",
            "SetStackPolicy",
            "UpdateStack",
            "UpdateTerminationProtection",
            "ValidateTemplate",
        ]),
    },
    Service {
        file: "lambda",
        module: "lambda",
        invalid: "ValidationException",
        common: &[
            ("InvalidParameterValueException", 400),
            ("NotImplemented", 501),
            ("SerializationException", 400),
            ("ServiceException", 500),
            ("ServiceUnavailable", 503),
            ("TooManyRequestsException", 429),
            ("ValidationException", 400),
        ],
        typed: Some(&[]),
    },
    Service {
        file: "logs",
        module: "logs",
        invalid: "InvalidParameterException",
        common: &[
            ("InvalidParameterException", 400),
            ("NotImplemented", 501),
            ("SerializationException", 400),
            ("ServiceUnavailableException", 503),
            ("ThrottlingException", 400),
        ],
        typed: Some(&[]),
    },
    Service { file: "sts", module: "sts", invalid: "ValidationError", common: QUERY, typed: None },
    Service { file: "iam", module: "iam", invalid: "ValidationError", common: QUERY, typed: None },
];

const QUERY: &[(&str, u16)] = &[
    ("InternalFailure", 500),
    ("NotImplemented", 501),
    ("ServiceUnavailable", 503),
    ("Throttling", 400),
    ("ValidationError", 400),
];

#[allow(clippy::disallowed_methods, reason = "cargo tells a build script where to write by the environment")]
fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed=facts");
    let target = std::env::var("OUT_DIR")?;
    for service in &SERVICES {
        let file = format!("facts/{}.facts", service.file);
        let table =
            table::Table::read(&fs::read_to_string(&file)?).map_err(|what| format!("{file}: {what}"))?;
        let code = shapes::write(service, &table) + &types::write(service, &table);
        fs::write(Path::new(&target).join(format!("{}.rs", service.module)), code)?;
    }
    Ok(())
}

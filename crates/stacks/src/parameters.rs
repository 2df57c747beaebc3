//! A template's parameters: what was declared, what was given, and whether the one allows the other.
//!
//! AWS CloudFormation User Guide, "CloudFormation template Parameters syntax".

use std::collections::BTreeMap;

use base::AwsError;
use regex::Regex;
use serde_json::Value;

use crate::template::{Node, Parameter, Problem, Template};

/// A value as a caller gives it (`Parameter` in the API model).
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Given {
    pub parameter_key: String,
    pub parameter_value: Option<String>,
    pub use_previous_value: Option<bool>,
}

/// A value that satisfied its declaration. The text is sealed on its way into the store where `no_echo` says so.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ParameterValue {
    pub name: String,
    pub value: String,
    pub no_echo: bool,
    /// `Ref` gives a list of texts.
    pub list: bool,
}

/// One declaration, read out of its node.
#[derive(Clone, Debug)]
pub struct Declaration {
    pub name: String,
    pub parameter_type: String,
    pub default: Option<String>,
    pub no_echo: bool,
    pub description: Option<String>,
    pub constraint_description: Option<String>,
    pub allowed_values: Vec<String>,
    pub allowed_pattern: Option<String>,
    min_length: Option<u64>,
    max_length: Option<u64>,
    min_value: Option<f64>,
    max_value: Option<f64>,
}

impl ParameterValue {
    /// What `Ref` gives.
    pub fn reference(&self) -> Value {
        if !self.list {
            return Value::String(self.value.clone());
        }
        let items = self.value.split(',').map(str::trim);
        Value::Array(
            items.filter(|_| !self.value.is_empty()).map(|item| Value::String(item.to_owned())).collect(),
        )
    }
}

/// The template's declarations; what is wrong with them goes to `problems`.
pub fn declarations(template: &Template, problems: &mut Vec<Problem>) -> Vec<Declaration> {
    template.parameters.iter().map(|parameter| declaration(parameter, problems)).collect()
}

/// The values the stack is made with: given, else (where asked for) the previous, else the default.
pub fn resolve(
    declarations: &[Declaration],
    given: &[Given],
    previous: &BTreeMap<String, ParameterValue>,
) -> Result<Vec<ParameterValue>, AwsError> {
    let undeclared: Vec<&str> = given
        .iter()
        .map(|one| one.parameter_key.as_str())
        .filter(|key| !declarations.iter().any(|declared| declared.name == *key))
        .collect();
    if !undeclared.is_empty() {
        return Err(refused(format!("Parameters: [{}] do not exist in the template", undeclared.join(", "))));
    }
    let mut values = Vec::with_capacity(declarations.len());
    let mut missing = Vec::new();
    for declared in declarations {
        let asked = given.iter().find(|one| one.parameter_key == declared.name);
        let value = match asked {
            Some(Given { parameter_value: Some(value), use_previous_value: None | Some(false), .. }) => {
                Some(value.clone())
            }
            Some(Given { parameter_value: Some(_), use_previous_value: Some(true), .. }) => {
                return Err(refused(format!(
                    "Invalid input for parameter key {}. Cannot specify usePreviousValue as true and non empty value for a parameter",
                    declared.name
                )));
            }
            Some(Given { use_previous_value: Some(true), .. }) => match previous.get(&declared.name) {
                Some(earlier) => Some(earlier.value.clone()),
                None => {
                    return Err(refused(format!(
                        "Invalid input for parameter key {}. Cannot specify usePreviousValue as true for a parameter key not in the previous template",
                        declared.name
                    )));
                }
            },
            _ => declared.default.clone(),
        };
        match value {
            Some(value) => {
                declared.check(&value).map_err(refused)?;
                values.push(ParameterValue {
                    name: declared.name.clone(),
                    value,
                    no_echo: declared.no_echo,
                    list: declared.is_list(),
                });
            }
            None => missing.push(declared.name.as_str()),
        }
    }
    if !missing.is_empty() {
        return Err(refused(format!("Parameters: [{}] must have values", missing.join(", "))));
    }
    Ok(values)
}

impl Declaration {
    pub fn is_list(&self) -> bool {
        self.parameter_type == "CommaDelimitedList" || self.parameter_type.starts_with("List<")
    }

    fn check(&self, value: &str) -> Result<(), String> {
        let name = &self.name;
        let constrained = |otherwise: String| match &self.constraint_description {
            Some(description) => format!("Parameter '{name}' failed to satisfy constraint: {description}"),
            None => otherwise,
        };
        let items: Vec<&str> =
            if self.is_list() { value.split(',').map(str::trim).collect() } else { vec![value] };
        if self.parameter_type.contains("Number") {
            for item in &items {
                let number: f64 =
                    item.parse().map_err(|_| constrained(format!("Parameter '{name}' must be a number")))?;
                if let Some(least) = self.min_value.filter(|least| number < *least) {
                    return Err(constrained(format!(
                        "Parameter '{name}' must be a number not less than {least}"
                    )));
                }
                if let Some(most) = self.max_value.filter(|most| number > *most) {
                    return Err(constrained(format!(
                        "Parameter '{name}' must be a number not greater than {most}"
                    )));
                }
            }
        }
        if !self.allowed_values.is_empty()
            && !items.iter().all(|item| self.allowed_values.iter().any(|allowed| allowed == item))
        {
            return Err(constrained(format!("Parameter '{name}' must be one of AllowedValues")));
        }
        let length = value.chars().count() as u64;
        if let Some(least) = self.min_length.filter(|least| length < *least) {
            return Err(constrained(format!("Parameter '{name}' must contain at least {least} characters")));
        }
        if let Some(most) = self.max_length.filter(|most| length > *most) {
            return Err(constrained(format!("Parameter '{name}' must contain at most {most} characters")));
        }
        if let Some(pattern) = &self.allowed_pattern {
            let whole = Regex::new(&format!("^(?:{pattern})$")).map_err(|_| {
                format!("Parameter '{name}' has an AllowedPattern that is not supported: {pattern}")
            })?;
            if !items.iter().all(|item| whole.is_match(item)) {
                return Err(constrained(format!("Parameter '{name}' must match pattern {pattern}")));
            }
        }
        Ok(())
    }
}

fn declaration(parameter: &Parameter, problems: &mut Vec<Problem>) -> Declaration {
    let text = |key: &str| parameter.declaration.member(key).and_then(Node::scalar_text);
    let number = |key: &str| text(key).and_then(|text| text.parse::<f64>().ok());
    let parameter_type = text("Type").unwrap_or_default();
    let supported = ["String", "Number", "List<Number>", "CommaDelimitedList", "List<String>"]
        .contains(&parameter_type.as_str())
        || parameter_type.starts_with("AWS::EC2::")
        || parameter_type.starts_with("List<AWS::EC2::")
        || parameter_type.starts_with("AWS::Route53::");
    if parameter_type.is_empty() {
        problems.push(Problem::new(parameter.span, "Every Parameters object must contain a Type member."));
    } else if !supported {
        let span = parameter.declaration.member("Type").map_or(parameter.span, |node| node.span);
        problems.push(Problem::new(
            span,
            format!("Parameter type {parameter_type} of {} is not supported here", parameter.name),
        ));
    }
    for entry in parameter.declaration.as_map().unwrap_or_default() {
        let known = [
            "Type",
            "Default",
            "NoEcho",
            "Description",
            "ConstraintDescription",
            "AllowedValues",
            "AllowedPattern",
            "MinLength",
            "MaxLength",
            "MinValue",
            "MaxValue",
        ];
        if !known.contains(&entry.key.as_str()) {
            problems.push(Problem::new(
                entry.key_span,
                format!("Invalid template parameter property '{}'", entry.key),
            ));
        }
    }
    if let Some(default) = parameter.declaration.member("Default")
        && default.scalar_text().is_none()
    {
        problems.push(Problem::new(
            default.span,
            format!(
                "Every Default member must be a string; that of {} is {}",
                parameter.name,
                default.kind()
            ),
        ));
    }
    Declaration {
        name: parameter.name.clone(),
        parameter_type,
        default: text("Default"),
        no_echo: text("NoEcho").is_some_and(|text| text.eq_ignore_ascii_case("true")),
        description: text("Description"),
        constraint_description: text("ConstraintDescription"),
        allowed_values: parameter
            .declaration
            .member("AllowedValues")
            .and_then(Node::as_list)
            .unwrap_or_default()
            .iter()
            .filter_map(Node::scalar_text)
            .collect(),
        allowed_pattern: text("AllowedPattern"),
        min_length: number("MinLength").map(|length| length as u64),
        max_length: number("MaxLength").map(|length| length as u64),
        min_value: number("MinValue"),
        max_value: number("MaxValue"),
    }
}

fn refused(message: String) -> AwsError {
    AwsError::client("ValidationError", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = "Parameters:
  Stage: {Type: String, AllowedValues: [dev, beta]}
  Size: {Type: Number, Default: 5, MinValue: 1, MaxValue: 10}
  Names: {Type: CommaDelimitedList, Default: 'a, b'}
  Code: {Type: String, Default: abc, AllowedPattern: '[a-z]+', ConstraintDescription: letters}
Resources: {A: {Type: T}}
";

    fn run(given: &[(&str, &str)]) -> Result<Vec<ParameterValue>, String> {
        let mut problems = Vec::new();
        let declared = declarations(&Template::parse(TEMPLATE).unwrap(), &mut problems);
        assert!(problems.is_empty());
        let given: Vec<Given> = given
            .iter()
            .map(|(key, value)| Given {
                parameter_key: (*key).into(),
                parameter_value: Some((*value).into()),
                use_previous_value: None,
            })
            .collect();
        resolve(&declared, &given, &BTreeMap::new()).map_err(|error| error.message)
    }

    #[test]
    fn defaults_lists_and_given_values() {
        let values = run(&[("Stage", "beta")]).unwrap();
        let names = values.iter().find(|value| value.name == "Names").unwrap();
        assert_eq!(names.reference(), serde_json::json!(["a", "b"]));
    }

    #[test]
    fn each_constraint_complains_in_aws_words() {
        assert_eq!(run(&[]).unwrap_err(), "Parameters: [Stage] must have values");
        assert_eq!(run(&[("Nope", "x")]).unwrap_err(), "Parameters: [Nope] do not exist in the template");
        assert_eq!(run(&[("Stage", "x")]).unwrap_err(), "Parameter 'Stage' must be one of AllowedValues");
        assert_eq!(
            run(&[("Stage", "dev"), ("Size", "11")]).unwrap_err(),
            "Parameter 'Size' must be a number not greater than 10"
        );
        assert_eq!(
            run(&[("Stage", "dev"), ("Code", "a1")]).unwrap_err(),
            "Parameter 'Code' failed to satisfy constraint: letters"
        );
    }
}

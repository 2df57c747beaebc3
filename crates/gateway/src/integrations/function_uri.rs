//! Which function an integration's or authorizer's URI means
//! (Amazon API Gateway API Reference, "PutIntegration", `uri`).

use std::collections::BTreeMap;

/// `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/<function ARN>/invocations` → the function's ARN, with
/// `${stageVariables.name}` in it replaced.
pub fn function_of(uri: &str, stage_variables: &BTreeMap<String, String>) -> Result<String, String> {
    let function = template_of(uri)?;
    let mut out = String::with_capacity(function.len());
    let mut rest = function;
    while let Some(at) = rest.find("${stageVariables.") {
        out.push_str(&rest[..at]);
        let inside = &rest[at + "${stageVariables.".len()..];
        let end = inside.find('}').ok_or_else(|| format!("Invalid stage variable in {uri}"))?;
        let value = stage_variables.get(&inside[..end]);
        out.push_str(value.ok_or_else(|| format!("the stage has no variable {}", &inside[..end]))?);
        rest = &inside[end + 1..];
    }
    out.push_str(rest);
    let service = out.parse::<base::Arn>().map(|arn| (arn.service, arn.resource.starts_with("function:")));
    match service {
        Ok((service, true)) if service == "lambda" => Ok(out),
        _ => Err(format!("Invalid ARN specified in the request: {out} is not a function")),
    }
}

/// The same before its variables are known: what can be told when a method is written.
pub fn template_of(uri: &str) -> Result<&str, String> {
    let inner = uri
        .strip_prefix("arn:")
        .and_then(|rest| rest.split_once(":apigateway:"))
        .and_then(|(_, rest)| rest.split_once(":lambda:path/"))
        .and_then(|(_, rest)| rest.split_once("/functions/"))
        .and_then(|(_, rest)| rest.strip_suffix("/invocations"));
    inner.filter(|function| !function.is_empty()).ok_or_else(|| {
        format!("Invalid ARN specified in the request: '{uri}' is not a Lambda function's invocation path")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_function() {
        let variables = BTreeMap::from([(String::from("alias"), String::from("live"))]);
        let uri = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:hi:${stageVariables.alias}/invocations";
        assert_eq!(
            function_of(uri, &variables).as_deref(),
            Ok("arn:aws:lambda:us-east-1:000000000000:function:hi:live")
        );
        assert!(function_of(uri, &BTreeMap::new()).is_err());
        for wrong in ["", "https://example.com", "arn:aws:apigateway:us-east-1:dynamodb:action/GetItem"] {
            assert!(function_of(wrong, &variables).is_err(), "{wrong}");
        }
    }
}

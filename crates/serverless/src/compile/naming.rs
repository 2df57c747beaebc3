//! Logical ids, letter by letter as the Serverless Framework v3 writes them: they are what a stack knows its resources
//! by, so that a service deployed by one can be updated by the other.

/// lodash's `upperFirst`.
pub fn upper_first(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

/// A function's, role's or authorizer's name inside a logical id.
pub fn normalized(name: &str) -> String {
    upper_first(&name.replace('-', "Dash").replace('_', "Underscore"))
}

pub fn alphanumeric(name: &str) -> String {
    upper_first(&name.chars().filter(char::is_ascii_alphanumeric).collect::<String>())
}

pub fn log_group(function: &str) -> String {
    format!("{}LogGroup", normalized(function))
}

pub fn lambda(function: &str) -> String {
    format!("{}LambdaFunction", normalized(function))
}

pub fn lambda_version(function: &str, digest: &str) -> String {
    let digest: String = digest.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("{}LambdaVersion{digest}", normalized(function))
}

pub fn api_permission(name: &str) -> String {
    format!("{}LambdaPermissionApiGateway", normalized(name))
}

pub fn authorizer(name: &str) -> String {
    format!("{}ApiGatewayAuthorizer", normalized(name))
}

/// The last part of a function's name in an ARN: `arn:…:function:svc-dev-auth` → `auth`.
pub fn authorizer_from_arn(arn: &str) -> String {
    let function = arn.rsplit(':').next().unwrap_or(arn);
    function.rsplit('-').next().unwrap_or(function).to_owned()
}

/// `users/{id}` → `UsersIdVar`.
pub fn path(path: &str) -> String {
    path.split('/').map(path_part).collect()
}

fn path_part(part: &str) -> String {
    let mut characters = part.chars();
    let first = characters.next().map(|first| first.to_uppercase().collect::<String>()).unwrap_or_default();
    let capitalized = first + &characters.as_str().to_lowercase();
    let dashes = capitalized.replace('-', "Dash");
    let variable = match (dashes.find('{'), dashes.rfind('}')) {
        (Some(open), Some(close)) if open < close => {
            format!("{}{}Var{}", &dashes[..open], &dashes[open + 1..close], &dashes[close + 1..])
        }
        _ => dashes,
    };
    alphanumeric(&variable)
}

pub fn resource(api_path: &str) -> String {
    format!("ApiGatewayResource{}", path(api_path))
}

pub fn method(resource_name: &str, verb: &str) -> String {
    format!("ApiGatewayMethod{resource_name}{}", upper_first(&verb.to_lowercase()))
}

pub fn endpoint_model(resource_name: &str, verb: &str, content_type: &str) -> String {
    let words: String = words(content_type).iter().map(|word| upper_first(word)).collect();
    format!("{}{words}Model", method(resource_name, verb))
}

/// lodash's `upperFirst(camelCase(…))`.
pub fn shared_model(schema: &str) -> String {
    let words: String = words(schema).iter().map(|word| upper_first(&word.to_lowercase())).collect();
    format!("ApiGateway{words}Model")
}

/// lodash's `words`, for what stands in media types and schema names: runs of small letters (with a capital before
/// them), of capitals, of digits.
fn words(text: &str) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    let mut found: Vec<String> = Vec::new();
    let mut at = 0;
    while at < characters.len() {
        let start = at;
        let run = |from: usize, fits: fn(&char) -> bool| {
            characters[from..].iter().take_while(|character| fits(character)).count()
        };
        let capitals = run(at, char::is_ascii_uppercase);
        let small = run(at + capitals, char::is_ascii_lowercase);
        if capitals > 1 && small > 0 {
            at += capitals - 1;
        } else if capitals + small > 0 {
            at += capitals + small;
        } else {
            at += run(at, char::is_ascii_digit);
        }
        if at == start {
            at += 1;
        } else {
            found.push(characters[start..at].iter().collect());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_words() {
        assert_eq!(path("hiUsers"), "Hiusers");
        assert_eq!(path("users/{userId}/pets-old/{proxy+}"), "UsersUseridVarPetsDasholdProxyVar");
        assert_eq!(method("Hiusers", "get"), "ApiGatewayMethodHiusersGet");
        assert_eq!(method("", "OPTIONS"), "ApiGatewayMethodOptions");
    }

    #[test]
    fn models_are_called_by_their_media_type() {
        assert_eq!(
            endpoint_model("Users", "post", "application/vnd.api+json"),
            "ApiGatewayMethodUsersPostApplicationVndApiJsonModel"
        );
        assert_eq!(shared_model("post-create_model"), "ApiGatewayPostCreateModelModel");
        assert_eq!(shared_model("HTMLPage2"), "ApiGatewayHtmlPage2Model");
    }

    #[test]
    fn names_keep_their_dashes_as_words() {
        assert_eq!(lambda("my-fun_two"), "MyDashfunUnderscoretwoLambdaFunction");
        assert_eq!(lambda_version("a", "x+/Y="), "ALambdaVersionxY");
        assert_eq!(authorizer_from_arn("arn:aws:cognito-idp:us-east-1:1:userpool/us-east-1_Ab"), "1_Ab");
    }
}

//! Resource policies: whether a service may invoke a function on behalf of one of its resources (AWS Lambda Developer
//! Guide, "Working with resource-based IAM policies in Lambda").

use ports::invoke::ServicePrincipal;

use crate::rows::Statement;

pub fn may_invoke(statements: &[Statement], caller: &ServicePrincipal) -> bool {
    statements.iter().any(|statement| {
        let action = matches!(statement.action.as_str(), "lambda:InvokeFunction" | "lambda:*" | "*");
        let principal = statement.principal == caller.service || statement.principal == "*";
        let arn = statement.source_arn.as_deref().is_none_or(|pattern| arn_like(pattern, &caller.source_arn));
        let account =
            statement.source_account.as_deref().is_none_or(|account| account == caller.source_account);
        // Conditions that nothing here can meet.
        let others = statement.event_source_token.is_none() && statement.principal_org_id.is_none();
        action && principal && arn && account && others
    })
}

/// `ArnLike`: each of the six parts by itself, `*` for anything and `?` for one character (IAM User Guide, "IAM JSON
/// policy elements: Condition operators").
pub fn arn_like(pattern: &str, arn: &str) -> bool {
    let patterns: Vec<&str> = pattern.splitn(6, ':').collect();
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    patterns.len() == parts.len()
        && patterns.iter().zip(parts).all(|(pattern, part)| like(pattern.as_bytes(), part.as_bytes()))
}

fn like(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut from) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while from < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, from));
                at += 1;
            }
            Some(letter) if *letter == b'?' || *letter == text[from] => {
                at += 1;
                from += 1;
            }
            _ => match star {
                // The last star takes one more character.
                Some((place, taken)) => {
                    star = Some((place, taken + 1));
                    at = place + 1;
                    from = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|letter| *letter == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement(principal: &str, source_arn: Option<&str>) -> Statement {
        Statement {
            sid: String::from("s"),
            principal: principal.to_owned(),
            action: String::from("lambda:InvokeFunction"),
            source_arn: source_arn.map(str::to_owned),
            source_account: None,
            event_source_token: None,
            principal_org_id: None,
            function_url_auth_type: None,
        }
    }

    fn gateway(arn: &str) -> ServicePrincipal {
        ServicePrincipal {
            service: String::from("apigateway.amazonaws.com"),
            source_arn: arn.to_owned(),
            source_account: String::from("000000000000"),
        }
    }

    #[test]
    fn only_the_api_that_was_named() {
        let mine = "arn:aws:execute-api:us-east-1:000000000000:abc123/beta/GET/hello";
        let policy = [statement(
            "apigateway.amazonaws.com",
            Some("arn:aws:execute-api:us-east-1:000000000000:abc123/*/*"),
        )];
        assert!(may_invoke(&policy, &gateway(mine)));
        assert!(!may_invoke(&policy, &gateway(&mine.replace("abc123", "other1"))));
        assert!(!may_invoke(
            &policy,
            &ServicePrincipal { service: String::from("cognito-idp.amazonaws.com"), ..gateway(mine) }
        ));
        assert!(!may_invoke(&[], &gateway(mine)));
    }

    #[test]
    fn a_star_stays_in_its_part() {
        assert!(arn_like("arn:aws:s3:::a*", "arn:aws:s3:::abc"));
        assert!(!arn_like("arn:aws:*", "arn:aws:s3:::abc"));
        assert!(arn_like("arn:aws:execute-api:*:*:x/?/G*T/**", "arn:aws:execute-api:r:a:x/s/GET/b/c"));
        assert!(!arn_like("arn:aws:execute-api:*:*:x/?/GET", "arn:aws:execute-api:r:a:x/ss/GET"));
    }
}

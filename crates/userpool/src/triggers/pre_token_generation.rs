//! Before tokens are signed: the function may add, change and leave out claims, scopes and groups
//! ("Pre token generation Lambda trigger").

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Event, TriggerFailed, call, user_attributes};
use crate::{
    directory::{Client, Pool},
    rows::UserRow,
    service::Service,
    tokens::Grant,
};

/// Claims that say who the token is of and what it is: no function changes these ("Claims that you can't change").
const FIXED: [&str; 22] = [
    "acr",
    "amr",
    "at_hash",
    "aud",
    "auth_time",
    "azp",
    "client_id",
    "cognito:username",
    "device_key",
    "event_id",
    "exp",
    "iat",
    "identities",
    "iss",
    "jti",
    "nbf",
    "nonce",
    "origin_jti",
    "scope",
    "sub",
    "token_use",
    "username",
];

#[derive(Debug, Default)]
pub struct Overrides {
    id: Claims,
    access: Claims,
    scopes_added: Vec<String>,
    scopes_suppressed: Vec<String>,
    groups: Option<Vec<String>>,
    roles: Vec<String>,
    preferred_role: Option<String>,
}

#[derive(Debug, Default)]
struct Claims {
    added: Map<String, Value>,
    suppressed: Vec<String>,
}

pub async fn ask(
    service: &Service,
    pool: &Pool,
    client: &Client,
    user: &UserRow,
    grant: &Grant,
    source: &'static str,
    client_metadata: &BTreeMap<String, String>,
) -> Result<Overrides, TriggerFailed> {
    let Some(config) = pool.pool.lambda_config.as_ref() else { return Ok(Overrides::default()) };
    let newer = config.pre_token_generation_config.as_ref();
    let (function, version) = match (newer, config.pre_token_generation.as_deref()) {
        (Some(newer), _) => {
            (newer.lambda_arn.as_str(), if newer.lambda_version == "V1_0" { "1" } else { "2" })
        }
        (None, Some(function)) => (function, "1"),
        (None, None) => return Ok(Overrides::default()),
    };
    let mut request = json!({
        "userAttributes": user_attributes(user),
        "groupConfiguration": {
            "groupsToOverride": user.groups,
            "iamRolesToOverride": [],
            "preferredRole": null,
        },
        "clientMetadata": client_metadata,
    });
    if version == "2" {
        request["scopes"] = json!(grant.scopes);
    }
    let member = if version == "2" { "claimsAndScopeOverrideDetails" } else { "claimsOverrideDetails" };
    let event = Event {
        trigger: "PreTokenGeneration",
        function,
        source,
        version,
        username: &user.username,
        client_id: client.id(),
        request,
        response: json!({ member: null }),
    };
    let response = call(service, pool, event).await?;
    let details = response.get(member).cloned().unwrap_or(Value::Null);
    Ok(if version == "2" { second(&details) } else { first(&details) })
}

fn first(details: &Value) -> Overrides {
    let mut overrides = Overrides { id: claims(details, |value| value.is_string()), ..Overrides::default() };
    group_details(details, &mut overrides);
    overrides
}

fn second(details: &Value) -> Overrides {
    let none = Value::Null;
    let part = |name: &str| details.get(name).unwrap_or(&none);
    let access = part("accessTokenGeneration");
    let mut overrides = Overrides {
        id: claims(part("idTokenGeneration"), |_| true),
        access: claims(access, |_| true),
        scopes_added: strings(access.get("scopesToAdd")),
        scopes_suppressed: strings(access.get("scopesToSuppress")),
        ..Overrides::default()
    };
    group_details(details, &mut overrides);
    overrides
}

fn claims(details: &Value, accepts: impl Fn(&Value) -> bool) -> Claims {
    let added = details.get("claimsToAddOrOverride").and_then(Value::as_object).into_iter().flatten();
    let may_change = |name: &str| !FIXED.contains(&name);
    Claims {
        added: added
            .filter(|(name, value)| may_change(name) && accepts(value))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
        suppressed: strings(details.get("claimsToSuppress"))
            .into_iter()
            .filter(|name| may_change(name))
            .collect(),
    }
}

fn group_details(details: &Value, overrides: &mut Overrides) {
    let Some(groups) = details.get("groupOverrideDetails").filter(|groups| groups.is_object()) else {
        return;
    };
    overrides.groups = Some(strings(groups.get("groupsToOverride")));
    overrides.roles = strings(groups.get("iamRolesToOverride"));
    overrides.preferred_role = groups.get("preferredRole").and_then(Value::as_str).map(str::to_owned);
}

fn strings(value: Option<&Value>) -> Vec<String> {
    value
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

impl Overrides {
    pub fn regroup(&self, user: &mut UserRow) {
        if let Some(groups) = &self.groups {
            user.groups.clone_from(groups);
        }
    }

    pub fn rescope(&self, scopes: &mut Vec<String>) {
        scopes.retain(|scope| !self.scopes_suppressed.contains(scope));
        for scope in &self.scopes_added {
            if !scopes.contains(scope) {
                scopes.push(scope.clone());
            }
        }
    }

    pub fn apply(&self, id: Option<&mut Map<String, Value>>, access: &mut Map<String, Value>) {
        if let Some(id) = id {
            if !self.roles.is_empty() {
                id.insert("cognito:roles".into(), json!(self.roles));
            }
            if let Some(role) = &self.preferred_role {
                id.insert("cognito:preferred_role".into(), json!(role));
            }
            self.id.apply(id);
        }
        self.access.apply(access);
    }
}

impl Claims {
    fn apply(&self, claims: &mut Map<String, Value>) {
        for name in &self.suppressed {
            claims.remove(name);
        }
        for (name, value) in &self.added {
            claims.insert(name.clone(), value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_cannot_say_who_the_token_is_of() {
        let overrides = second(&json!({
            "idTokenGeneration": {
                "claimsToAddOrOverride": { "sub": "someone else", "aud": "x", "tenant": "t1" },
                "claimsToSuppress": ["email", "exp"],
            },
            "accessTokenGeneration": { "scopesToAdd": ["a/b"], "scopesToSuppress": ["aws.cognito.signin.user.admin"] },
        }));
        let mut id = json!({ "sub": "s", "exp": 1, "email": "e" }).as_object().cloned().unwrap();
        overrides.apply(Some(&mut id), &mut Map::new());
        assert_eq!(Value::Object(id), json!({ "sub": "s", "exp": 1, "tenant": "t1" }));
        let mut scopes = vec![String::from("aws.cognito.signin.user.admin")];
        overrides.rescope(&mut scopes);
        assert_eq!(scopes, ["a/b"]);
    }
}

//! `AuthFlow` and `AuthParameters`, read into what the engine begins with.

use std::{collections::BTreeMap, sync::Arc};

use base::Secret;

use crate::{
    directory::{Client, Pool},
    flows::{Door, DoorKind, Opening, SignInError, Step},
    raise::{InvalidParameterException, Raise, invalid},
    service::Service,
    tokens::{self, Refreshing},
};

/// What both operations ask for.
pub struct Request {
    pub door: DoorKind,
    pub source_ip: String,
    pub auth_flow: String,
    pub parameters: BTreeMap<String, String>,
    pub client_metadata: BTreeMap<String, String>,
}

pub async fn begin(
    service: &Service,
    pool: &Arc<Pool>,
    client: &Arc<Client>,
    request: Request,
) -> Result<Step, Raise<SignInError>> {
    let Request { door, source_ip, auth_flow, mut parameters, client_metadata } = request;
    let secret_hash = parameters.remove("SECRET_HASH");
    let door = Door { kind: door, source_ip, client_metadata, secret_hash };
    let opening = match (auth_flow.as_str(), door.kind) {
        ("REFRESH_TOKEN_AUTH" | "REFRESH_TOKEN", _) => {
            let token = take(&mut parameters, "REFRESH_TOKEN")?;
            return refresh(service, pool, client, &door, &token).await;
        }
        ("USER_SRP_AUTH", _) => {
            Opening::Srp { username: take(&mut parameters, "USERNAME")?, a: take(&mut parameters, "SRP_A")? }
        }
        ("USER_PASSWORD_AUTH", _) | ("ADMIN_USER_PASSWORD_AUTH" | "ADMIN_NO_SRP_AUTH", DoorKind::Admin) => {
            Opening::Password {
                username: take(&mut parameters, "USERNAME")?,
                password: Secret::new(take(&mut parameters, "PASSWORD")?),
            }
        }
        ("CUSTOM_AUTH", _) => {
            Opening::Custom { username: take(&mut parameters, "USERNAME")?, a: parameters.remove("SRP_A") }
        }
        ("USER_AUTH", _) => {
            let message = String::from("USER_AUTH is not implemented by this server yet.");
            return Err(crate::raise::NotImplemented(message).into());
        }
        _ => return Err(invalid("Initiate Auth method not supported.")),
    };
    service.start_sign_in(&door, pool, client, opening).await
}

/// A client that rotates its refresh tokens has `GetTokensFromRefreshToken` for it ("Refresh token rotation").
async fn refresh(
    service: &Service,
    pool: &Arc<Pool>,
    client: &Arc<Client>,
    door: &Door,
    token: &str,
) -> Result<Step, Raise<SignInError>> {
    if !client.allows("ALLOW_REFRESH_TOKEN_AUTH") || client.rotation_grace_seconds().is_some() {
        return Err(invalid("Auth flow not enabled for this client"));
    }
    let check_user = |user: &crate::rows::UserRow| {
        let mut names = vec![user.username.as_str(), user.sub.as_str()];
        names.extend(
            ["email", "phone_number", "preferred_username"]
                .into_iter()
                .filter_map(|name| user.attribute(name)),
        );
        client.check_secret_hash(door.secret_hash.as_deref(), &names).map_err(Raise::from)
    };
    let refreshing =
        Refreshing { pool, client, token, client_metadata: &door.client_metadata, check_user: &check_user };
    tokens::refresh(service, refreshing).await.map(Step::Tokens)
}

fn take(parameters: &mut BTreeMap<String, String>, name: &str) -> Result<String, InvalidParameterException> {
    let value = parameters.remove(name).filter(|value| !value.is_empty());
    value.ok_or_else(|| InvalidParameterException(format!("Missing required parameter {name}")))
}

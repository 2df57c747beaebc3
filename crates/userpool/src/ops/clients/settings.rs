//! What an app client may be told when it is made or changed, checked and with AWS's defaults filled in.
//!
//! `UpdateUserPoolClient` sets whatever it is not given to its default, so both requests are read in the same way.

use facts::cognito_idp::{CreateUserPoolClientRequest, UpdateUserPoolClientRequest, UserPoolClientType};

use crate::{
    attributes::standard::is_standard,
    directory::Pool,
    raise::{
        InvalidOAuthFlowException, InvalidParameterException, Raise, ScopeDoesNotExistException, invalid,
    },
};

/// "AllowedOAuthScopes": everything else is a custom scope, of a resource server.
const STANDARD_SCOPES: [&str; 5] = ["phone", "email", "openid", "profile", "aws.cognito.signin.user.admin"];

macro_rules! shared {
    ($input:expr) => {
        UserPoolClientType {
            user_pool_id: Some($input.user_pool_id.clone()),
            refresh_token_validity: $input.refresh_token_validity,
            access_token_validity: $input.access_token_validity,
            id_token_validity: $input.id_token_validity,
            token_validity_units: $input.token_validity_units.clone(),
            read_attributes: $input.read_attributes.clone(),
            write_attributes: $input.write_attributes.clone(),
            explicit_auth_flows: $input.explicit_auth_flows.clone(),
            supported_identity_providers: $input.supported_identity_providers.clone(),
            callback_urls: $input.callback_urls.clone(),
            logout_urls: $input.logout_urls.clone(),
            default_redirect_uri: $input.default_redirect_uri.clone(),
            allowed_oauth_flows: $input.allowed_oauth_flows.clone(),
            allowed_oauth_scopes: $input.allowed_oauth_scopes.clone(),
            allowed_oauth_flows_user_pool_client: $input.allowed_oauth_flows_user_pool_client,
            prevent_user_existence_errors: $input.prevent_user_existence_errors.clone(),
            enable_token_revocation: $input.enable_token_revocation,
            enable_propagate_additional_user_context_data: $input
                .enable_propagate_additional_user_context_data,
            auth_session_validity: $input.auth_session_validity,
            refresh_token_rotation: $input.refresh_token_rotation.clone(),
            ..UserPoolClientType::default()
        }
    };
}

pub fn of_create<E>(input: &CreateUserPoolClientRequest, pool: &Pool) -> Result<UserPoolClientType, Raise<E>>
where
    E: From<InvalidParameterException> + From<InvalidOAuthFlowException> + From<ScopeDoesNotExistException>,
{
    let client = UserPoolClientType { client_name: Some(input.client_name.clone()), ..shared!(input) };
    let secret = input.generate_secret.unwrap_or(false) || input.client_secret.is_some();
    checked(client, pool, secret)
}

pub fn of_update<E>(
    input: &UpdateUserPoolClientRequest,
    before: &UserPoolClientType,
    pool: &Pool,
    has_secret: bool,
) -> Result<UserPoolClientType, Raise<E>>
where
    E: From<InvalidParameterException> + From<InvalidOAuthFlowException> + From<ScopeDoesNotExistException>,
{
    let client = UserPoolClientType {
        client_id: before.client_id.clone(),
        client_name: input.client_name.clone().or_else(|| before.client_name.clone()),
        creation_date: before.creation_date,
        ..shared!(input)
    };
    checked(client, pool, has_secret)
}

fn checked<E>(
    mut client: UserPoolClientType,
    pool: &Pool,
    has_secret: bool,
) -> Result<UserPoolClientType, Raise<E>>
where
    E: From<InvalidParameterException> + From<InvalidOAuthFlowException> + From<ScopeDoesNotExistException>,
{
    auth_flows(&client)?;
    attributes(&client, pool)?;
    oauth(&client, has_secret)?;
    addresses(&client)?;
    if let Some(other) = client.supported_identity_providers.iter().flatten().find(|name| *name != "COGNITO")
    {
        return Err(invalid(format!("The provider {other} does not exist for User Pool {}.", pool.id())));
    }
    client.refresh_token_validity.get_or_insert(30);
    client.allowed_oauth_flows_user_pool_client.get_or_insert(false);
    client.enable_token_revocation.get_or_insert(true);
    client.enable_propagate_additional_user_context_data.get_or_insert(false);
    client.auth_session_validity.get_or_insert(3);
    Ok(client)
}

fn auth_flows(client: &UserPoolClientType) -> Result<(), InvalidParameterException> {
    let flows = client.explicit_auth_flows.as_deref().unwrap_or_default();
    let of_today = flows.iter().filter(|flow| flow.starts_with("ALLOW_")).count();
    if of_today > 0 && of_today < flows.len() {
        return refuse(
            "Invalid ExplicitAuthFlows: values with the ALLOW_ prefix and values without it cannot be mixed.",
        );
    }
    if of_today > 0
        && !flows.iter().any(|flow| flow == "ALLOW_REFRESH_TOKEN_AUTH")
        && client.refresh_token_rotation.is_none()
    {
        tracing::debug!(
            client = client.client_name,
            "this app client cannot refresh: ALLOW_REFRESH_TOKEN_AUTH is missing"
        );
    }
    Ok(())
}

/// Attributes that a client reads or writes must be the pool's; what nobody may write, no client may.
fn attributes(client: &UserPoolClientType, pool: &Pool) -> Result<(), InvalidParameterException> {
    let known =
        |name: &str| is_standard(name) || pool.schema().iter().any(|one| one.name.as_deref() == Some(name));
    if client.read_attributes.iter().flatten().any(|name| !known(name)) {
        return refuse("Invalid read attributes specified while creating a client");
    }
    let closed = ["sub", "email_verified", "phone_number_verified", "identities"];
    if client.write_attributes.iter().flatten().any(|name| !known(name) || closed.contains(&name.as_str())) {
        return refuse("Invalid write attributes specified while creating a client");
    }
    Ok(())
}

/// "AllowedOAuthFlows": what goes together.
fn oauth<E>(client: &UserPoolClientType, has_secret: bool) -> Result<(), Raise<E>>
where
    E: From<InvalidOAuthFlowException> + From<ScopeDoesNotExistException>,
{
    let flows = client.allowed_oauth_flows.as_deref().unwrap_or_default();
    let scopes = client.allowed_oauth_scopes.as_deref().unwrap_or_default();
    let has = |flow: &str| flows.iter().any(|one| one == flow);
    let wrong = |message: &str| Err(InvalidOAuthFlowException(message.to_owned()).into());
    if client.allowed_oauth_flows_user_pool_client == Some(true) && (flows.is_empty() || scopes.is_empty()) {
        return wrong(
            "AllowedOAuthFlows and AllowedOAuthScopes are required if user pool client is allowed to use OAuth flows.",
        );
    }
    if has("client_credentials") && (has("code") || has("implicit")) {
        return wrong("client_credentials flow can not be selected along with code flow or implicit flow.");
    }
    if has("client_credentials") && !has_secret {
        return wrong("client_credentials flow can not be selected if client does not have a client secret.");
    }
    match scopes.iter().find(|scope| !STANDARD_SCOPES.contains(&scope.as_str())) {
        Some(scope) => Err(ScopeDoesNotExistException(format!(
            "Scope {scope} does not exist: no resource server of this user pool has it."
        ))
        .into()),
        None => Ok(()),
    }
}

/// "CallbackURLs": absolute, without a fragment, over TLS but for this machine's own; other schemes belong to apps.
fn addresses(client: &UserPoolClientType) -> Result<(), InvalidParameterException> {
    let callbacks = client.callback_urls.as_deref().unwrap_or_default();
    let needs_callback = client.allowed_oauth_flows.iter().flatten().any(|flow| flow != "client_credentials");
    if client.allowed_oauth_flows_user_pool_client == Some(true) && needs_callback && callbacks.is_empty() {
        return refuse("CallbackURLs are required when AllowedOAuthFlows has code or implicit.");
    }
    for (name, address) in callbacks
        .iter()
        .map(|address| ("CallbackURLs", address))
        .chain(client.logout_urls.iter().flatten().map(|address| ("LogoutURLs", address)))
    {
        if let Some(complaint) = complaint(address) {
            return refuse(&format!("{name}: {address} {complaint}"));
        }
    }
    match &client.default_redirect_uri {
        Some(default) if !callbacks.contains(default) => {
            refuse("DefaultRedirectURI is not one of CallbackURLs.")
        }
        _ => Ok(()),
    }
}

fn complaint(address: &str) -> Option<&'static str> {
    let Some((scheme, rest)) = address.split_once(':') else { return Some("is not an absolute URI") };
    let named = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    if !named
        || rest.is_empty()
        || address.chars().any(|letter| letter.is_whitespace() || letter.is_control() || letter == '\\')
    {
        return Some("is not an absolute URI");
    }
    if address.contains('#') {
        return Some("has a fragment, which a redirect URI must not have");
    }
    if ["javascript", "data", "vbscript", "file", "blob", "about"]
        .contains(&scheme.to_ascii_lowercase().as_str())
    {
        return Some("has a scheme that would run in the browser");
    }
    let authority = rest.strip_prefix("//").map(|rest| rest.split(['/', '?']).next().unwrap_or_default());
    match (scheme, authority) {
        ("http", Some(authority)) => {
            let host = if authority.starts_with('[') {
                authority.split_inclusive(']').next().unwrap_or_default()
            } else {
                authority.split(':').next().unwrap_or_default()
            };
            let own = ["localhost", "127.0.0.1", "[::1]"].contains(&host);
            (!own).then_some("must use https; http is for localhost only")
        }
        ("https", Some(authority)) if !authority.is_empty() && !authority.contains('@') => None,
        ("http" | "https", _) => Some("has no host that can be used"),
        _ => None,
    }
}

fn refuse(message: &str) -> Result<(), InvalidParameterException> {
    Err(InvalidParameterException(message.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_a_browser_may_be_sent_to() {
        for fine in [
            "http://localhost:3000/",
            "http://127.0.0.1/cb",
            "http://[::1]:8080/",
            "https://app.example.com/cb?x=1",
            "myapp://callback",
            "com.example.app:/cb",
        ] {
            assert_eq!(complaint(fine), None, "{fine}");
        }
        for wrong in [
            "/cb",
            "app.example.com",
            "http://app.example.com/",
            "http://localhost.evil.example/",
            "http://localhost@evil.example/",
            "https://",
            "https://a@b/",
            "https://a.example/#f",
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            "data:text/html,x",
            "https://a.example/ b",
            "https://a.example\\@b",
            "",
        ] {
            assert!(complaint(wrong).is_some(), "{wrong}");
        }
    }
}

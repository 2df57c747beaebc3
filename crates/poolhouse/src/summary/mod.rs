//! What a deployed service offers: addresses, functions, user pools, and what is missing for people to sign in.

mod gather;
mod missing;
mod words;

use std::collections::BTreeMap;

use serde_json::{Value, json};

#[derive(Clone, Debug, Default)]
pub struct Summary {
    pub service: String,
    pub stage: String,
    pub region: String,
    pub stack: String,
    pub status: String,
    pub outputs: BTreeMap<String, String>,
    pub endpoints: Vec<EndpointUrl>,
    pub user_pools: Vec<UserPool>,
    pub functions: Vec<FunctionArn>,
}

#[derive(Clone, Debug)]
pub struct EndpointUrl {
    pub method: String,
    pub url: String,
    pub function: String,
    pub authorizer: Option<String>,
}

#[derive(Clone, Debug)]
pub struct FunctionArn {
    /// Its key in the configuration.
    pub key: String,
    pub name: String,
    pub arn: String,
}

#[derive(Clone, Debug)]
pub struct UserPool {
    pub logical_id: String,
    pub id: String,
    pub name: String,
    pub arn: String,
    pub issuer: String,
    pub jwks_uri: String,
    pub domain: Option<String>,
    /// Where the hosted pages are; below it `/login` and `/oauth2/…`.
    pub hosted_ui: Option<String>,
    pub clients: Vec<AppClient>,
}

#[derive(Clone, Debug)]
pub struct AppClient {
    pub id: String,
    pub name: String,
    pub has_secret: bool,
    pub callback_urls: Vec<String>,
    pub flows: Vec<String>,
    /// `ExplicitAuthFlows`.
    pub auth_flows: Vec<String>,
    /// `PreventUserExistenceErrors` is `ENABLED`.
    pub hides_existence: bool,
    /// It takes part in OAuth, and with some provider.
    pub can_use_hosted_ui: bool,
}

impl Summary {
    /// As CONTRACT.md says, and what is missing.
    pub fn to_json(&self) -> Value {
        let endpoints: Vec<Value> = self
            .endpoints
            .iter()
            .map(|one| {
                json!({"method": one.method, "url": one.url, "function": one.function, "authorizer": one.authorizer})
            })
            .collect();
        let pools: Vec<Value> = self
            .user_pools
            .iter()
            .map(|pool| {
                let clients: Vec<Value> =
                    pool.clients.iter().map(|client| json!({"id": client.id, "name": client.name})).collect();
                json!({
                    "logicalId": pool.logical_id,
                    "id": pool.id,
                    "name": pool.name,
                    "arn": pool.arn,
                    "issuer": pool.issuer,
                    "jwksUri": pool.jwks_uri,
                    "clients": clients,
                    "domain": pool.domain,
                    "hostedUi": pool.hosted_ui,
                    "loginUrls": pool.login_urls(),
                })
            })
            .collect();
        let functions: Vec<Value> = self
            .functions
            .iter()
            .map(|function| json!({"name": function.name, "arn": function.arn, "key": function.key}))
            .collect();
        json!({
            "service": self.service,
            "stage": self.stage,
            "region": self.region,
            "stack": self.stack,
            "status": self.status,
            "outputs": self.outputs,
            "endpoints": endpoints,
            "userPools": pools,
            "functions": functions,
            "missing": self.missing(""),
        })
    }
}

impl UserPool {
    /// One for each client that can use the hosted pages.
    pub fn login_urls(&self) -> Vec<String> {
        let Some(hosted) = &self.hosted_ui else { return Vec::new() };
        let ready = self.clients.iter().filter(|client| client.can_use_hosted_ui);
        ready.filter_map(|client| client.login_url(hosted)).collect()
    }
}

impl AppClient {
    /// The posts' link: the implicit grant where the client has it.
    fn login_url(&self, hosted: &str) -> Option<String> {
        let callback = self.callback_urls.first()?;
        let kind = if self.flows.iter().any(|flow| flow == "implicit") { "token" } else { "code" };
        Some(format!("{hosted}/login?response_type={kind}&client_id={}&redirect_uri={callback}", self.id))
    }
}

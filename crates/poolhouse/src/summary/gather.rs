//! Asks CloudFormation what there is, and Cognito what its pools are like.

use serde_json::Value;
use serverless::Service;

use super::{AppClient, EndpointUrl, FunctionArn, Summary, UserPool};
use crate::{
    aws::{
        AwsFailure, Client,
        cloudformation::{self, Resource},
        cognito, sts,
    },
    failure::Failure,
};

impl Summary {
    pub async fn gather(client: &Client, service: &Service) -> Result<Self, Failure> {
        let name = service.stack_name();
        let Some(stack) = cloudformation::describe_stack(client, &name).await? else {
            return Err(Failure::tried(format!(
                "there is no stack {name}: the service is not deployed to stage {}",
                service.stage
            ))
            .help(format!("deploy it: poolhouse deploy --stage {}", service.stage)));
        };
        let resources = cloudformation::resources(client, &name).await?;
        let (account, _) = sts::caller_identity(client).await?;
        let mut user_pools = Vec::new();
        for resource in live(&resources, "AWS::Cognito::UserPool") {
            user_pools.extend(user_pool(client, resource).await?);
        }
        let api =
            live(&resources, "AWS::ApiGateway::RestApi").next().map(|resource| resource.physical_id.clone());
        // A server behind another name tells it in its pools' documents; links say that name, as its mails do.
        let base = user_pools.iter().find_map(|pool| base_of(&pool.jwks_uri, &pool.id));
        let base = base.unwrap_or_else(|| client.endpoint());
        let address = |path: &str, api: &str| format!("{base}/apis/{api}/{}{path}", service.api_stage());
        let endpoints = service.endpoints().into_iter().filter_map(|endpoint| {
            let path = if endpoint.path == "/" { "/" } else { endpoint.path.as_str() };
            Some(EndpointUrl {
                url: address(path, api.as_ref()?),
                method: endpoint.method,
                function: endpoint.function,
                authorizer: endpoint.authorizer,
            })
        });
        let functions = service.functions.iter().filter_map(|function| {
            live(&resources, "AWS::Lambda::Function")
                .find(|resource| resource.physical_id == function.name)?;
            let arn = format!("arn:aws:lambda:{}:{account}:function:{}", service.region, function.name);
            Some(FunctionArn { key: function.key.clone(), name: function.name.clone(), arn })
        });
        Ok(Self {
            service: service.name.clone(),
            stage: service.stage.clone(),
            region: service.region.clone(),
            endpoints: endpoints.collect(),
            functions: functions.collect(),
            stack: name,
            status: stack.status,
            outputs: stack.outputs,
            user_pools,
        })
    }
}

fn live<'a>(resources: &'a [Resource], kind: &'a str) -> impl Iterator<Item = &'a Resource> {
    resources.iter().filter(move |resource| {
        resource.kind == kind && !resource.physical_id.is_empty() && !resource.status.starts_with("DELETE")
    })
}

async fn user_pool(client: &Client, resource: &Resource) -> Result<Option<UserPool>, AwsFailure> {
    let id = resource.physical_id.clone();
    let Some(pool) = cognito::pool(client, &id).await? else { return Ok(None) };
    let clients = cognito::clients(client, &id).await?;
    let discovery = cognito::discovery(client, &id).await.unwrap_or(Value::Null);
    let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let issuer = text(&discovery["issuer"]).unwrap_or_else(|| format!("{}/{id}", client.endpoint()));
    let jwks_uri = text(&discovery["jwks_uri"])
        .unwrap_or_else(|| format!("{}/{id}/.well-known/jwks.json", client.endpoint()));
    let base = base_of(&jwks_uri, &id).unwrap_or_else(|| client.endpoint()).to_owned();
    let domain = text(&pool["Domain"]).or_else(|| text(&pool["CustomDomain"]));
    Ok(Some(UserPool {
        logical_id: resource.logical_id.clone(),
        name: text(&pool["Name"]).unwrap_or_default(),
        arn: text(&pool["Arn"]).unwrap_or_default(),
        issuer,
        jwks_uri,
        hosted_ui: domain.as_ref().map(|domain| format!("{base}/auth/{domain}")),
        domain,
        clients: clients.iter().map(app_client).collect(),
        id,
    }))
}

/// What the server calls itself, by where a pool says that its keys are.
fn base_of<'a>(jwks_uri: &'a str, pool: &str) -> Option<&'a str> {
    let base = jwks_uri.strip_suffix("/.well-known/jwks.json")?.strip_suffix(pool)?.strip_suffix('/')?;
    (!base.is_empty()).then_some(base)
}

fn app_client(client: &Value) -> AppClient {
    let words = |key: &str| -> Vec<String> {
        client[key]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|one| one.as_str().map(str::to_owned))
            .collect()
    };
    let (callback_urls, flows) = (words("CallbackURLs"), words("AllowedOAuthFlows"));
    let takes_part = client["AllowedOAuthFlowsUserPoolClient"] == true && !flows.is_empty();
    AppClient {
        id: client["ClientId"].as_str().unwrap_or_default().to_owned(),
        name: client["ClientName"].as_str().unwrap_or_default().to_owned(),
        has_secret: client["ClientSecret"].is_string(),
        can_use_hosted_ui: takes_part
            && !callback_urls.is_empty()
            && !words("SupportedIdentityProviders").is_empty(),
        auth_flows: words("ExplicitAuthFlows"),
        hides_existence: client["PreventUserExistenceErrors"] == "ENABLED",
        callback_urls,
        flows,
    }
}

#[cfg(test)]
mod tests {
    use super::base_of;

    #[test]
    fn links_say_the_servers_own_name() {
        let keys = "https://auth.example.com/us-east-1_Ab3dEf9hI/.well-known/jwks.json";
        assert_eq!(base_of(keys, "us-east-1_Ab3dEf9hI"), Some("https://auth.example.com"));
        assert_eq!(base_of(keys, "us-east-1_Other0000"), None);
        assert_eq!(base_of("/us-east-1_Ab3dEf9hI/.well-known/jwks.json", "us-east-1_Ab3dEf9hI"), None);
    }
}

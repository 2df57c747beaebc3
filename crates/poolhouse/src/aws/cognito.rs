//! Amazon Cognito user pools, by JSON 1.1: what `info` shows of them.

use http::Method;
use serde_json::{Value, json};

use super::{AwsFailure, Call, Client};

/// JSON 1.1: the operation in a header, JSON in and out.
pub async fn json_call(
    client: &Client,
    service: &str,
    prefix: &str,
    operation: &str,
    input: &Value,
) -> Result<Value, AwsFailure> {
    let mut call = Call::new(service, Method::POST, "/");
    call.headers.push(("content-type", String::from("application/x-amz-json-1.1")));
    call.headers.push(("x-amz-target", format!("{prefix}.{operation}")));
    call.body = input.to_string().into();
    let answer = client.send(&call).await?;
    serde_json::from_slice(&answer.body).map_err(|error| client.unreadable(&error.to_string()))
}

async fn call(client: &Client, operation: &str, input: &Value) -> Result<Value, AwsFailure> {
    json_call(client, "cognito-idp", "AWSCognitoIdentityProviderService", operation, input).await
}

/// `UserPool` of DescribeUserPool; `None` where it is gone.
pub async fn pool(client: &Client, id: &str) -> Result<Option<Value>, AwsFailure> {
    match call(client, "DescribeUserPool", &json!({"UserPoolId": id})).await {
        Ok(mut output) => Ok(Some(output["UserPool"].take())),
        Err(failure) if failure.code() == "ResourceNotFoundException" => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// `UserPoolClient` of each app client of a pool.
pub async fn clients(client: &Client, pool: &str) -> Result<Vec<Value>, AwsFailure> {
    const MOST_PAGES: usize = 20;
    let mut clients = Vec::new();
    let mut next: Option<String> = None;
    for _ in 0..MOST_PAGES {
        let mut input = json!({"UserPoolId": pool, "MaxResults": 60});
        if let Some(token) = next.take() {
            input["NextToken"] = json!(token);
        }
        let output = call(client, "ListUserPoolClients", &input).await?;
        for listed in output["UserPoolClients"].as_array().into_iter().flatten() {
            let input = json!({"UserPoolId": pool, "ClientId": listed["ClientId"]});
            let mut output = call(client, "DescribeUserPoolClient", &input).await?;
            clients.push(output["UserPoolClient"].take());
        }
        match output["NextToken"].as_str() {
            Some(token) if !token.is_empty() => next = Some(token.to_owned()),
            _ => break,
        }
    }
    Ok(clients)
}

/// A pool's discovery document, which anyone may read; `None` where it cannot be had.
pub async fn discovery(client: &Client, pool: &str) -> Option<Value> {
    let call = Call::new("cognito-idp", Method::GET, format!("/{pool}/.well-known/openid-configuration"));
    let answer = client.send(&call).await.ok()?;
    serde_json::from_slice(&answer.body).ok()
}

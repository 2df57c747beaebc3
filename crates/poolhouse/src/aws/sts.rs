//! AWS Security Token Service: who calls.

use http::Method;

use super::{AwsFailure, Call, Client, client::query, xml::Element};

/// The caller's account and ARN.
pub async fn caller_identity(client: &Client) -> Result<(String, String), AwsFailure> {
    let root = form(client, "sts", &[("Action", "GetCallerIdentity"), ("Version", "2011-06-15")]).await?;
    let result = root
        .find("GetCallerIdentityResult")
        .ok_or_else(|| client.unreadable("no GetCallerIdentityResult"))?;
    Ok((result.text_of("Account").to_owned(), result.text_of("Arn").to_owned()))
}

async fn form(client: &Client, service: &str, pairs: &[(&str, &str)]) -> Result<Element, AwsFailure> {
    let owned: Vec<(&str, String)> = pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    post(client, service, &owned).await
}

/// The query protocol: a form goes in, XML comes out.
pub async fn post(client: &Client, service: &str, pairs: &[(&str, String)]) -> Result<Element, AwsFailure> {
    let mut call = Call::new(service, Method::POST, "/");
    call.headers.push(("content-type", String::from("application/x-www-form-urlencoded; charset=utf-8")));
    call.body = query(pairs).into();
    let answer = client.send(&call).await?;
    let text = std::str::from_utf8(&answer.body).map_err(|error| client.unreadable(&error.to_string()))?;
    Element::parse(text).map_err(|why| client.unreadable(&why))
}

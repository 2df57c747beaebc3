//! DescribeUserPoolClient: with its secret, for whoever may ask.

use base::Caller;
use facts::cognito_idp::{
    DescribeUserPoolClientError, DescribeUserPoolClientRequest, DescribeUserPoolClientResponse,
    UserPoolClientType,
};

use crate::{directory::Client, raise::Raise, service::Service};

pub async fn describe_user_pool_client(
    service: &Service,
    _caller: &Caller,
    input: DescribeUserPoolClientRequest,
) -> Result<DescribeUserPoolClientResponse, Raise<DescribeUserPoolClientError>> {
    let (_, client) = service
        .directory
        .client_of::<DescribeUserPoolClientError>(&input.user_pool_id, &input.client_id)
        .await?;
    Ok(DescribeUserPoolClientResponse { user_pool_client: Some(shown(&client)) })
}

pub fn shown(client: &Client) -> UserPoolClientType {
    let secret = client.first_secret().map(|secret| secret.expose().clone());
    UserPoolClientType { client_secret: secret, ..client.client.clone() }
}

//! UpdateUserPoolClient: sets everything that can change, to what is given or to its default.

use base::Caller;
use facts::cognito_idp::{
    UpdateUserPoolClientError, UpdateUserPoolClientRequest, UpdateUserPoolClientResponse, UserPoolClientType,
};
use store::Batch;

use super::settings;
use crate::{raise::Raise, rows::UserPoolClientRow, service::Service};

pub async fn update_user_pool_client(
    service: &Service,
    _caller: &Caller,
    input: UpdateUserPoolClientRequest,
) -> Result<UpdateUserPoolClientResponse, Raise<UpdateUserPoolClientError>> {
    let (pool, _) = service
        .directory
        .client_of::<UpdateUserPoolClientError>(&input.user_pool_id, &input.client_id)
        .await?;
    let before =
        super::fresh::<UpdateUserPoolClientError>(service, &input.user_pool_id, &input.client_id).await?;
    let has_secret = !before.value.secrets.is_empty();
    let mut client =
        settings::of_update::<UpdateUserPoolClientError>(&input, &before.value.client, &pool, has_secret)?;
    client.last_modified_date = Some(service.clock.now().epoch_seconds());
    let after = UserPoolClientRow { client, ..before.value.clone() };
    service.store.commit(Batch::new().replace(&before, &after)).await?;
    service.directory.forget_client(&input.client_id);
    let opened = service
        .directory
        .client_of::<UpdateUserPoolClientError>(&input.user_pool_id, &input.client_id)
        .await?;
    let shown: UserPoolClientType = super::describe_user_pool_client::shown(&opened.1);
    Ok(UpdateUserPoolClientResponse { user_pool_client: Some(shown) })
}

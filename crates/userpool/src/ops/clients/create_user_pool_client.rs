//! CreateUserPoolClient: an app that may ask this pool.

use base::{Caller, ids};
use facts::cognito_idp::{
    CreateUserPoolClientError, CreateUserPoolClientRequest, CreateUserPoolClientResponse, UserPoolClientType,
};
use ports::RngExt;
use store::Batch;

use super::settings;
use crate::{
    raise::{Raise, invalid},
    rows::{ClientIdRow, ClientSecretRow, UserPoolClientRow, UserPoolRow, sealed},
    service::Service,
};

/// As long as Cognito's: 36^51 of them.
const SECRET_LENGTH: usize = 51;

pub async fn create_user_pool_client(
    service: &Service,
    _caller: &Caller,
    input: CreateUserPoolClientRequest,
) -> Result<CreateUserPoolClientResponse, Raise<CreateUserPoolClientError>> {
    let client_id = service.rng.string(ids::LOWER_ALPHANUMERIC, ids::CLIENT_ID_LENGTH);
    create_user_pool_client_as(service, client_id, input).await
}

/// Under an id that the caller decided on beforehand, so that a repeated call can find out that it was made.
pub async fn create_user_pool_client_as(
    service: &Service,
    client_id: String,
    input: CreateUserPoolClientRequest,
) -> Result<CreateUserPoolClientResponse, Raise<CreateUserPoolClientError>> {
    let pool = service.directory.pool(&input.user_pool_id).await?;
    let mut client = settings::of_create::<CreateUserPoolClientError>(&input, &pool)?;
    let now = service.clock.now();
    client.client_id = Some(client_id.clone());
    client.creation_date = Some(now.epoch_seconds());
    client.last_modified_date = Some(now.epoch_seconds());
    let secret = match (&input.client_secret, input.generate_secret.unwrap_or(false)) {
        (Some(_), true) => return Err(invalid("GenerateSecret and ClientSecret cannot both be given.")),
        (Some(given), false) => Some(given.clone()),
        (None, true) => Some(service.rng.string(ids::LOWER_ALPHANUMERIC, SECRET_LENGTH)),
        (None, false) => None,
    };
    let mut secrets = Vec::new();
    if let Some(secret) = &secret {
        let id = format!("{client_id}--{}", now.millis());
        let text = service.sealer.seal(&sealed::client_secret(&client_id, &id), secret.as_bytes())?;
        secrets.push(ClientSecretRow { id, sealed: text, created_at: now });
    }
    let row = UserPoolClientRow {
        user_pool_id: input.user_pool_id.clone(),
        client_id: client_id.clone(),
        client,
        secrets,
    };
    let id = ClientIdRow { client_id, user_pool_id: input.user_pool_id };
    // The pool must still be there when its client is made.
    let batch = Batch::new().expect::<UserPoolRow>(&pool.row).insert(&row).insert(&id);
    service.store.commit(batch).await?;
    let shown = UserPoolClientType { client_secret: secret, ..row.client };
    Ok(CreateUserPoolClientResponse { user_pool_client: Some(shown) })
}

//! AddCustomAttributes: the schema grows; it never shrinks.

use base::Caller;
use facts::cognito_idp::{AddCustomAttributesError, AddCustomAttributesRequest, AddCustomAttributesResponse};
use store::Batch;

use crate::{
    attributes,
    raise::{Raise, invalid},
    rows::UserPoolRow,
    service::Service,
};

pub async fn add_custom_attributes(
    service: &Service,
    _caller: &Caller,
    input: AddCustomAttributesRequest,
) -> Result<AddCustomAttributesResponse, Raise<AddCustomAttributesError>> {
    let before = super::fresh(service, &input.user_pool_id).await?;
    let mut pool = before.value.pool.clone();
    let schema = pool.schema_attributes.get_or_insert_default();
    for asked in &input.custom_attributes {
        let attribute = attributes::standard::custom(asked)?;
        if schema.iter().any(|known| known.name == attribute.name) {
            let name = attribute.name.unwrap_or_default();
            return Err(invalid(format!("{name}: Existing attribute already has name {name}.")));
        }
        schema.push(attribute);
    }
    pool.last_modified_date = Some(service.clock.now().epoch_seconds());
    let after = UserPoolRow { pool, ..before.value.clone() };
    service.store.commit(Batch::new().replace(&before, &after)).await?;
    service.directory.forget_pool(&input.user_pool_id);
    Ok(AddCustomAttributesResponse {})
}

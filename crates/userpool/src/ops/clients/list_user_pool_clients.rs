//! ListUserPoolClients.

use base::{Caller, PageToken};
use facts::cognito_idp::{
    ListUserPoolClientsError, ListUserPoolClientsRequest, ListUserPoolClientsResponse,
    UserPoolClientDescription,
};
use store::Query;

use crate::{
    raise::{Raise, invalid},
    rows::UserPoolClientRow,
    service::Service,
};

pub async fn list_user_pool_clients(
    service: &Service,
    _caller: &Caller,
    input: ListUserPoolClientsRequest,
) -> Result<ListUserPoolClientsResponse, Raise<ListUserPoolClientsError>> {
    service.directory.pool::<ListUserPoolClientsError>(&input.user_pool_id).await?;
    let after = match input.next_token.as_deref().map(PageToken::from_wire).transpose() {
        Ok(after) => after,
        Err(_) => return Err(invalid("Invalid NextToken.")),
    };
    let limit = input.max_results.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(60).clamp(1, 60);
    let query = Query::<UserPoolClientRow>::in_partition(&input.user_pool_id).limit(limit).after(after);
    let page = service.store.query(query).await?;
    let clients = page
        .rows
        .into_iter()
        .map(|row| UserPoolClientDescription {
            client_id: Some(row.value.client_id),
            user_pool_id: Some(row.value.user_pool_id),
            client_name: row.value.client.client_name,
        })
        .collect();
    let next_token = page.next.map(|next| next.to_wire());
    Ok(ListUserPoolClientsResponse { user_pool_clients: Some(clients), next_token })
}

//! DescribeUserPoolDomain: an empty description where nobody has the domain, as on AWS.

use base::Caller;
use facts::cognito_idp::{
    DescribeUserPoolDomainError, DescribeUserPoolDomainRequest, DescribeUserPoolDomainResponse,
    DomainDescriptionType,
};

use crate::{
    raise::Raise,
    rows::{DOMAINS, DomainRow},
    service::Service,
};

pub async fn describe_user_pool_domain(
    service: &Service,
    _caller: &Caller,
    input: DescribeUserPoolDomainRequest,
) -> Result<DescribeUserPoolDomainResponse, Raise<DescribeUserPoolDomainError>> {
    let row = service.store.get::<DomainRow>(DOMAINS, &input.domain).await?;
    let description = row.map_or_else(DomainDescriptionType::default, |row| row.value.description);
    Ok(DescribeUserPoolDomainResponse { domain_description: Some(description) })
}

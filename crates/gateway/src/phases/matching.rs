//! Match: which method of which resource the request means, and whether it is a request that may be read at all.

use crate::{
    payload::{
        BODY_LIMIT,
        compression::{Undecodable, decompress},
        context::Exchange,
    },
    responses::Refusal,
    table::CompiledMethod,
};

pub fn run<'a>(exchange: &mut Exchange<'a>) -> Result<&'a CompiledMethod, Refusal> {
    if exchange.body.len() > BODY_LIMIT {
        return Err(Refusal::request_too_large());
    }
    let route = exchange.stage.router.find(exchange.path, &exchange.request.head.method);
    let route = route.ok_or_else(Refusal::missing_authentication_token)?;
    let method: &'a CompiledMethod = route.target;
    exchange.parameters = route.parameters;
    exchange.method = Some(method);
    unpack(exchange)?;
    Ok(method)
}

/// A compressed body is only unpacked for APIs that compress, as on AWS; others hand it on as it is.
fn unpack(exchange: &mut Exchange<'_>) -> Result<(), Refusal> {
    if exchange.stage.minimum_compression_size.is_none() || exchange.body.is_empty() {
        return Ok(());
    }
    let Some(encoding) = exchange.header("content-encoding") else { return Ok(()) };
    exchange.body = match decompress(&exchange.body, encoding) {
        Ok(plain) => plain,
        Err(Undecodable::TooLarge) => return Err(Refusal::request_too_large()),
        Err(Undecodable::Unknown) => return Err(Refusal::unsupported_media_type()),
        Err(Undecodable::Broken) => {
            return Err(Refusal::bad_request().because("the body is not what its encoding says"));
        }
    };
    exchange.unpacked = true;
    Ok(())
}

//! Names to addresses, of which each may be connected to.

use std::{
    future::Future,
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
};

use hyper_util::client::legacy::connect::dns::Name;
use tower::Service;

use super::Egress;

#[derive(Clone)]
pub(super) struct GuardedResolver {
    egress: Egress,
}

/// The name leads where no fetch may go.
#[derive(Debug, thiserror::Error)]
#[error("the address is not one that may be fetched")]
pub(super) struct Forbidden;

impl GuardedResolver {
    pub fn new(egress: Egress) -> Self {
        Self { egress }
    }
}

impl Service<Name> for GuardedResolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = Box<dyn std::error::Error + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let egress = self.egress.clone();
        Box::pin(async move {
            // The port is put in by the connector.
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if found.is_empty() {
                return Err(io::Error::other("the name has no address").into());
            }
            // One forbidden address among allowed ones is a trick, not a fault to work around.
            if found.iter().any(|address| !egress.allows(address.ip())) {
                return Err(Forbidden.into());
            }
            Ok(found.into_iter())
        })
    }
}

//! Everything behind the front door that is no AWS API.

pub mod api;
pub mod console;
pub mod health;
pub mod hosted;
pub mod outbox;
mod pool_documents;

use std::{net::SocketAddr, sync::Arc};

use axum::{Router, body::Body};
use gateway::Gateway;
use http::{Method, Response, request};
use objects::Objects;
use store::Store;
use userpool::UserPools;

use crate::site::PoolDocument;
use outbox::Outbox;

pub struct Doors {
    pub store: Store,
    pub user_pools: UserPools,
    pub gateway: Gateway,
    pub objects: Objects,
    /// The hosted room's routes for one domain; requests carry which.
    pub hosted: Router,
    /// Only where messages may be looked at from outside: `dev`.
    pub outbox: Option<Arc<dyn Outbox>>,
}

impl Doors {
    pub async fn ready(&self) -> Response<Body> {
        health::ready(&self.store).await
    }

    pub async fn pool_document(&self, method: &Method, pool: &str, document: PoolDocument) -> Response<Body> {
        pool_documents::answer(&self.user_pools, method, pool, document).await
    }

    pub async fn outbox(&self, peer: SocketAddr, host: &str, head: &request::Parts) -> Response<Body> {
        outbox::answer(self.outbox.as_deref(), peer, host, head).await
    }

    /// Whether a host is a pool's own domain (`CustomDomainConfig`).
    pub async fn is_own_domain(&self, host: &str) -> bool {
        host.contains('.') && self.user_pools.find_domain(host).await.is_ok_and(|found| found.is_some())
    }
}

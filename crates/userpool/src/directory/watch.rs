//! Drops from memory what any node committed a change to.

use std::sync::Weak;

use store::{Change, Collection};
use tokio::sync::broadcast::{Receiver, error::RecvError};

use crate::{
    rows::{ClientIdRow, UserPoolClientRow, UserPoolRow},
    service::Service,
};

/// Runs until the service is gone.
pub(crate) async fn watch(service: Weak<Service>, mut changes: Receiver<Change>) {
    loop {
        let change = changes.recv().await;
        let Some(service) = service.upgrade() else { return };
        match change {
            Ok(change) if change.collection == UserPoolRow::NAME => {
                service.directory.forget_pool(&change.key);
                service.keys.forget(&change.key);
            }
            Ok(change)
                if change.collection == UserPoolClientRow::NAME || change.collection == ClientIdRow::NAME =>
            {
                service.directory.forget_client(&change.key);
            }
            Ok(change) if change.collection == crate::rows::SigningKeyRow::NAME => {
                service.keys.forget(&change.partition);
            }
            Ok(_) => {}
            // What was missed is not known.
            Err(RecvError::Lagged(_)) => {
                service.directory.forget_all();
                service.keys.forget_all();
            }
            Err(RecvError::Closed) => return,
        }
    }
}

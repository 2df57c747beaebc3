//! Drops from memory what any node committed a change to.

use std::sync::Weak;

use store::{Changes, Collection};
use tokio::sync::broadcast::error::RecvError;

use crate::{
    rows::{ClientIdRow, UserPoolClientRow, UserPoolRow},
    service::Service,
};

/// Runs until the service is gone.
pub(crate) async fn watch(service: Weak<Service>, mut changes: Changes) {
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use store::Batch;

    use crate::{rows::UserPoolRow, test_support::World};

    /// A change that another node commits: nobody here calls `forget_pool`.
    #[tokio::test]
    async fn what_another_node_changed_is_read_again() {
        let world = World::new().await;
        let (pool, client) = world.plain().await;
        assert_eq!(world.pools.find_pool(&pool).await.unwrap().unwrap().mfa_configuration(), "OFF");
        assert!(world.pools.find_client(&client).await.unwrap().is_some());
        let read = world.store.get::<UserPoolRow>(&pool, &pool).await.unwrap().unwrap();
        let mut after = read.value.clone();
        after.pool.mfa_configuration = Some(String::from("ON"));
        world.store.commit(Batch::new().replace(&read, &after)).await.unwrap();
        for _ in 0..400 {
            if world.pools.find_pool(&pool).await.unwrap().unwrap().mfa_configuration() == "ON" {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("the old configuration is still in memory");
    }
}

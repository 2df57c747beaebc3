//! The store's contract, kept by PostgreSQL.

#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use std::sync::Arc;

use proptest::prelude::*;
use store::{
    Engine,
    contract::{Fixture, HeldClock, model},
};

async fn engine(clock: Arc<HeldClock>) -> Arc<dyn Engine> {
    Arc::new(support::engine(&support::database(), clock).await)
}

store::contract_tests!(engine);

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn random_scripts_answer_as_the_model_does(script in prop::collection::vec(any::<u8>(), 0..400)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let clock = HeldClock::new();
            let fixture = Fixture::new(engine(clock.clone()).await, clock);
            model::play(&fixture, &script).await;
            fixture.store.engine().close().await.unwrap();
        });
    }
}

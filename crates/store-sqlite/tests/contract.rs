//! The store's contract, kept by SQLite.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::sync::Arc;

use proptest::prelude::*;
use store::{
    Engine,
    contract::{Fixture, HeldClock, model},
};
use store_sqlite::SqliteEngine;

async fn engine(clock: Arc<HeldClock>) -> Arc<dyn Engine> {
    Arc::new(SqliteEngine::in_memory(Arc::new(move || clock.now())).unwrap())
}

store::contract_tests!(engine);

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn random_scripts_answer_as_the_model_does(script in prop::collection::vec(any::<u8>(), 0..400)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let clock = HeldClock::new();
            let fixture = Fixture::new(engine(clock.clone()).await, clock);
            model::play(&fixture, &script).await;
        });
    }
}

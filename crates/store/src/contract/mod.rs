//! What every engine must do, as tests that an engine's crate runs against itself:
//!
//! ```ignore
//! async fn engine(clock: Arc<HeldClock>) -> Arc<dyn store::Engine> { … }
//! store::contract_tests!(engine);
//! ```
//!
//! A case gets an engine of its own with a clock that moves only when told to, and panics where the engine is wrong.
//! [`model`] plays random scripts against an engine and a map in memory side by side.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "every line of it is a test")]

pub mod blobs;
pub mod changes;
pub mod commits;
pub mod concurrency;
pub mod expiry;
pub mod indexes;
pub mod lifecycle;
pub mod model;
pub mod moving;
pub mod queries;

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use base::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Collection, Engine, IndexEntry, Store};

/// One test for each case, each with an engine that `$engine`, an
/// `async fn(Arc<HeldClock>) -> Arc<dyn Engine>`, makes.
#[macro_export]
macro_rules! contract_tests {
    ($engine:ident) => {
        $crate::contract_tests!($engine;
            commits: a_batch_is_all_or_nothing, what_must_be_absent, what_must_be_unchanged,
                a_version_grows_with_each_write, a_put_overwrites, deleting_what_is_not_there_is_fine,
                a_row_both_deleted_and_put_is_there, a_conflict_names_its_row, an_empty_batch_does_nothing,
                names_that_cannot_be_kept_are_refused, a_large_body_and_odd_text_come_back, many_rows_in_one_batch;
            expiry: an_expired_row_is_not_read, an_expired_row_counts_as_absent, a_sweep_takes_the_expired_only,
                a_sweep_takes_no_more_than_asked, what_was_renewed_stays;
            queries: rows_come_in_byte_order, pages_join_without_gap_or_double, ranges_of_keys,
                partitions_are_apart, collections_are_apart, partitions_are_listed_in_pages, a_limit_has_bounds,
                a_page_goes_on_after_a_row_that_is_gone, get_many_keeps_the_order;
            indexes: an_index_finds_what_was_written, a_changed_value_leaves_the_old_one,
                a_deleted_row_leaves_its_indexes, ties_are_paged, ranges_of_an_index, a_row_may_stand_in_an_index_twice,
                a_made_up_page_token_does_no_harm, a_failed_batch_leaves_no_index_entry;
            concurrency: no_increment_is_lost, one_of_many_inserts_wins, a_row_is_spent_once,
                a_reader_sees_whole_batches, many_at_once_are_all_there;
            blobs: a_blob_comes_back, the_same_bytes_are_kept_once, a_blobs_name_is_a_hash,
                a_deleted_blob_is_gone, a_held_blob_outlives_its_other_holders,
                a_blob_that_was_put_again_is_not_collected;
            changes: a_commit_is_heard, a_failed_commit_is_not_heard, a_swept_row_is_heard;
            moving: what_was_exported_is_imported_alike, an_export_is_of_one_moment,
                an_import_that_is_cut_off_leaves_no_row, only_an_empty_store_is_imported_into;
            lifecycle: an_engine_is_ready_until_it_is_closed, what_was_begun_is_finished_on_closing;
        );
    };
    ($engine:ident; $($room:ident: $($case:ident),+;)+) => {
        $(mod $room {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $case() {
                let clock = $crate::contract::HeldClock::new();
                let engine = super::$engine(clock.clone()).await;
                let fixture = $crate::contract::Fixture::new(engine, clock);
                $crate::contract::$room::$case(fixture).await;
            })+
        })+
    };
}

/// Time that stands still until told to go on.
pub struct HeldClock(AtomicI64);

impl HeldClock {
    /// Some day in 2024.
    pub fn new() -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(1_720_000_000_000)))
    }

    pub fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }

    pub fn advance_millis(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

/// What a case is given.
pub struct Fixture {
    pub store: Store,
    pub clock: Arc<HeldClock>,
}

impl Fixture {
    pub fn new(engine: Arc<dyn Engine>, clock: Arc<HeldClock>) -> Self {
        Self { store: Store::new(engine), clock }
    }
}

/// A row with everything a collection can have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thing {
    pub partition: String,
    pub key: String,
    pub text: String,
    pub number: u64,
    /// Its values in the index `by_tag`.
    pub tags: Vec<String>,
    pub expires_at: Option<Timestamp>,
}

impl Collection for Thing {
    const NAME: &'static str = "contract_thing";

    fn partition(&self) -> &str {
        &self.partition
    }

    fn key(&self) -> String {
        self.key.clone()
    }

    fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at
    }

    fn indexes(&self) -> Vec<IndexEntry> {
        self.tags.iter().map(|tag| IndexEntry::new("by_tag", tag)).collect()
    }
}

impl Thing {
    pub fn new(partition: &str, key: &str) -> Self {
        Self { partition: partition.to_owned(), key: key.to_owned(), ..Self::default() }
    }

    #[must_use]
    pub fn text(self, text: &str) -> Self {
        Self { text: text.to_owned(), ..self }
    }

    #[must_use]
    pub fn number(self, number: u64) -> Self {
        Self { number, ..self }
    }

    #[must_use]
    pub fn tags(self, tags: &[&str]) -> Self {
        Self { tags: tags.iter().map(|tag| (*tag).to_owned()).collect(), ..self }
    }

    #[must_use]
    pub fn expires_at(self, at: Timestamp) -> Self {
        Self { expires_at: Some(at), ..self }
    }
}

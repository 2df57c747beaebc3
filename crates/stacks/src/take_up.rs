//! What another node left in the middle of something.
//!
//! A driver ends with its process. Where several nodes share a store, that process may be gone for good, so those that
//! stay drive on what moves no more. Should its driver only be slow, two drive it for a moment: the rows' versions and the
//! steps' tokens keep that from doing anything twice (docs/adr/0005).

use std::{
    collections::BTreeMap,
    sync::{Arc, Weak},
    time::Duration,
};

use store::Query;

use crate::{
    engine::{Engine, Halt},
    rows::{Phase, ResourceRow, StackRow},
    stacks::{Inner, Stacks},
};

const LOOK: Duration = Duration::from_secs(2);
/// Longer than a step takes that anybody works at.
const STILL: Duration = Duration::from_secs(10);

/// Looks after a node's going, and at no other time: a server that is alone has nobody's work to do but its own.
pub async fn watch(inner: Weak<Inner>) {
    let mut nodes = 1;
    let mut owing = false;
    loop {
        tokio::time::sleep(LOOK).await;
        let Some(stacks) = Stacks::of(&inner) else { return };
        let now = stacks.engine().store.nodes();
        owing |= now < nodes;
        nodes = now;
        if !owing {
            continue;
        }
        match take_up(stacks, STILL).await {
            Ok(()) => owing = false,
            Err(cause) => tracing::warn!(%cause, "what another node left cannot be looked at yet"),
        }
    }
}

/// Drives on every stack that is under way and does not move for so long.
pub async fn take_up(stacks: Stacks, still: Duration) -> Result<(), Halt> {
    let engine = Arc::clone(stacks.engine());
    let before = under_way(&engine).await?;
    if before.is_empty() {
        return Ok(());
    }
    let inner = stacks.downgrade();
    drop(stacks);
    tokio::time::sleep(still).await;
    let after = under_way(&engine).await?;
    let Some(stacks) = Stacks::of(&inner) else { return Ok(()) };
    for (id, state) in after {
        if before.get(&id) == Some(&state) {
            tracing::info!(stack = id, "a stack that another node left is taken up");
            stacks.drive(&id);
        }
    }
    Ok(())
}

/// The stacks that do not rest, each with the versions of all its rows: whoever drives it changes one.
async fn under_way(engine: &Engine) -> Result<BTreeMap<String, Vec<u64>>, Halt> {
    let mut found = BTreeMap::new();
    for stack in engine.store.query_all(Query::<StackRow>::in_partition(&engine.home())).await? {
        if stack.value.status.phase() == Phase::Rest {
            continue;
        }
        let id = stack.value.id;
        let rows = Query::<ResourceRow>::in_partition(&engine.home()).starts_with(format!("{id}/"));
        let rows = engine.store.query_all(rows).await?;
        let versions = std::iter::once(stack.version).chain(rows.iter().map(|row| row.version));
        found.insert(id, versions.collect());
    }
    Ok(found)
}

//! A change to a stack's own row that no driver has to act on at once.

use base::AwsError;
use store::{Batch, CommitError, Versioned};

use crate::{
    engine::{Engine, Halt},
    operations::words,
    rows::StackRow,
};

const ATTEMPTS: usize = 16;

pub async fn changed(
    engine: &Engine,
    id: &str,
    change: impl Fn(&mut StackRow) -> Result<(), AwsError>,
) -> Result<StackRow, AwsError> {
    for _ in 0..ATTEMPTS {
        let read =
            engine.stack(id).await.map_err(words::unavailable)?.ok_or_else(|| words::no_stack_with_id(id))?;
        let mut stack = read.value;
        change(&mut stack)?;
        let sealed = engine
            .vault()
            .sealed_stack(&stack)
            .map_err(|cause| words::unavailable(Halt::Unreadable(cause)))?;
        let batch =
            Batch::new().replace(&Versioned { value: sealed.clone(), version: read.version }, &sealed);
        match engine.store.commit(batch).await {
            Ok(()) => return Ok(stack),
            Err(CommitError::Conflict(_)) => {}
            Err(cause) => return Err(words::unavailable(cause.into())),
        }
    }
    Err(words::busy())
}

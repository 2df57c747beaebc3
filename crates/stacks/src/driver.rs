//! Moves a stack from state to state until it rests. What it does next follows from the rows alone, so a driver that
//! was cut off anywhere is followed by another that goes on from there.

use std::{sync::Arc, time::Duration};

use crate::{
    apply, discard,
    engine::{Engine, Halt},
    rollback,
    rows::Phase,
    run::Run,
};

const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Ends when the stack rests. A store that is away is waited for: the stack goes on when it is back.
pub async fn drive(engine: Arc<Engine>, stack: String) {
    let mut pause = engine.config.retry_pause;
    loop {
        match once(&engine, &stack).await {
            Ok(()) => return,
            Err(Halt::Stopped) => return,
            Err(Halt::Conflict) => tokio::task::yield_now().await,
            Err(cause) => {
                tracing::warn!(stack, %cause, "a stack waits to go on");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

async fn once(engine: &Arc<Engine>, stack: &str) -> Result<(), Halt> {
    let Some(mut run) = Run::load(engine, stack).await? else { return Ok(()) };
    loop {
        match run.stack.status.phase() {
            Phase::Forward => apply::forward(&mut run).await?,
            Phase::Restore => rollback::restore(&mut run).await?,
            Phase::Discard => discard::discard(&mut run).await?,
            Phase::Rest => return Ok(()),
        }
    }
}

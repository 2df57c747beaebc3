//! A stack's step from one state to the next, with the event that tells it.

use crate::{
    engine::Halt,
    rows::StackRow,
    run::{Run, Step},
};

/// Commits `stack` in its new state together with `step`; the event about the stack comes after the step's own.
pub async fn to(run: &mut Run, stack: StackRow, mut step: Step) -> Result<(), Halt> {
    step.events.push(run.stack_event(&stack));
    step.stack = Some(stack);
    run.commit(step).await
}

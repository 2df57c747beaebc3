//! Which physical resources a phase is going to delete, and which stay because a policy or a caller says so.

use crate::{
    rows::{Instance, Mark, Operation, Progress, ResourceRow, ResourceStatus, Work},
    run::{Run, Step},
    template::Policy,
};

pub struct Condemned<'a> {
    transaction: &'a str,
}

impl<'a> Condemned<'a> {
    pub fn new(transaction: &'a str) -> Self {
        Self { transaction }
    }

    /// An update put another in its place.
    pub fn replaced(&self, run: &mut Run, row: &mut ResourceRow, former: Instance, step: &mut Step) {
        let kept = former.update_replace_policy != Policy::Delete;
        self.condemn(run, row, former, kept, step);
    }

    /// The template does not ask for it any more.
    pub fn removed(&self, run: &mut Run, row: &mut ResourceRow, live: Instance, step: &mut Step) {
        let kept = live.deletion_policy != Policy::Delete;
        self.condemn(run, row, live, kept, step);
    }

    /// It was made by an operation that is being rolled back.
    pub fn unmade(&self, run: &mut Run, row: &mut ResourceRow, live: Instance, step: &mut Step) {
        let kept = live.deletion_policy == Policy::Retain;
        self.condemn(run, row, live, kept, step);
    }

    /// The whole stack goes, or never came to be.
    pub fn everything_of(&self, run: &mut Run, row: ResourceRow, operation: &Operation, step: &mut Step) {
        let mut row = row;
        let deleting = operation.kind == crate::rows::OperationKind::Delete && !operation.then_delete;
        let asked = operation.retain.contains(&row.logical_id);
        let mut instances: Vec<Instance> = std::mem::take(&mut row.doomed);
        instances.extend(row.former.take());
        for instance in instances {
            self.condemn(run, &mut row, instance, asked, step);
        }
        if let Some(live) = row.live.take() {
            let by_policy = match live.deletion_policy {
                Policy::Delete => false,
                Policy::Retain => true,
                Policy::RetainExceptOnCreate => deleting,
            };
            self.condemn(run, &mut row, live, asked || by_policy, step);
        }
        self.sentence(row, step);
    }

    fn condemn(&self, run: &mut Run, row: &mut ResourceRow, instance: Instance, kept: bool, step: &mut Step) {
        if instance.physical_id.is_none() {
            return;
        }
        if !kept {
            row.doomed.push(instance);
            return;
        }
        let event = run.clock.told(
            &run.engine,
            &run.stack,
            row,
            Some(&instance),
            ResourceStatus::DeleteSkipped,
            None,
        );
        step.events.push(event);
        if row.live.is_none() {
            row.set(ResourceStatus::DeleteSkipped, None, run.engine.clock.now());
        }
    }

    /// Writes the row where it has something to delete, or where what it remembers has served its time.
    pub fn sentence(&self, row: ResourceRow, step: &mut Step) {
        let mut row = row;
        row.mark = (!row.doomed.is_empty()).then(|| Mark {
            transaction: self.transaction.to_owned(),
            progress: Progress::Waiting,
            work: Some(Work::Discard),
            undo: None,
        });
        step.rows.push(row);
    }
}

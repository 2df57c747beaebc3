//! Which resource waits for which: creation goes along the arrows, deletion against them.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    intrinsics::{Target, collect},
    template::{Problem, Span, Template},
};

/// Logical id → the logical ids it needs. Only resources whose condition holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    needs: BTreeMap<String, BTreeSet<String>>,
}

impl Graph {
    /// From `Ref`, `Fn::GetAtt`, `Fn::Sub` and `DependsOn`; of an `Fn::If` the taken branch.
    pub fn of(template: &Template, conditions: &BTreeMap<String, bool>) -> Self {
        let present = |condition: &Option<(String, Span)>| match condition {
            // One that there is not is a problem of its own; its resource counts, so that it does not cause others.
            Some((name, _)) => conditions.get(name).copied().unwrap_or(true),
            None => true,
        };
        let there: BTreeSet<&str> = template
            .resources
            .iter()
            .filter(|resource| present(&resource.condition))
            .map(|resource| resource.logical_id.as_str())
            .collect();
        let mut needs = BTreeMap::new();
        for resource in
            template.resources.iter().filter(|resource| there.contains(resource.logical_id.as_str()))
        {
            let mut references = Vec::new();
            collect(&resource.properties, Some(conditions), &mut references);
            let referred = references.into_iter().filter_map(|reference| match reference.target {
                Target::Ref(name) | Target::Attribute(name, _) => Some(name),
                Target::Condition(_) | Target::Map(_) => None,
            });
            let declared = resource.depends_on.iter().map(|(name, _)| name.clone());
            let edges = referred.chain(declared).filter(|name| there.contains(name.as_str())).collect();
            needs.insert(resource.logical_id.clone(), edges);
        }
        Self { needs }
    }

    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.needs.keys().map(String::as_str)
    }

    pub fn contains(&self, id: &str) -> bool {
        self.needs.contains_key(id)
    }

    pub fn needs_of(&self, id: &str) -> Vec<String> {
        self.needs.get(id).into_iter().flatten().cloned().collect()
    }

    /// What may begin now: not yet done or begun, and all that it needs is done.
    pub fn ready(&self, done: &BTreeSet<String>, begun: &BTreeSet<String>) -> Vec<String> {
        self.needs
            .iter()
            .filter(|(id, needs)| !done.contains(*id) && !begun.contains(*id) && needs.is_subset(done))
            .map(|(id, _)| id.clone())
            .collect()
    }

    /// Every id after all that it needs; those on a cycle are left out.
    pub fn order(&self) -> Vec<String> {
        let mut order = Vec::with_capacity(self.needs.len());
        let mut done = BTreeSet::new();
        loop {
            let ready = self.ready(&done, &BTreeSet::new());
            if ready.is_empty() {
                return order;
            }
            done.extend(ready.iter().cloned());
            order.extend(ready);
        }
    }

    /// One cycle, from an id back to itself; `None` where there is none.
    pub fn cycle(&self) -> Option<Vec<String>> {
        let ordered: BTreeSet<String> = self.order().into_iter().collect();
        // Whatever could not be ordered needs something that could not be ordered either: follow that until it repeats.
        let mut path: Vec<String> = vec![self.needs.keys().find(|id| !ordered.contains(*id))?.clone()];
        loop {
            let next = self.needs.get(path.last()?)?.iter().find(|id| !ordered.contains(*id))?.clone();
            if let Some(start) = path.iter().position(|id| *id == next) {
                let mut cycle = path.split_off(start);
                cycle.push(next);
                return Some(cycle);
            }
            path.push(next);
        }
    }

    /// The cycle as a problem of the template, at the first resource on it.
    pub fn cycle_problem(&self, template: &Template) -> Option<Problem> {
        let cycle = self.cycle()?;
        let span = cycle
            .first()
            .and_then(|id| template.resource(id))
            .map(|resource| resource.span)
            .unwrap_or_default();
        let mut members = cycle.clone();
        members.pop();
        Some(Problem::new(
            span,
            format!("Circular dependency between resources: [{}]: {}", members.join(", "), cycle.join(" → ")),
        ))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn graph(text: &str) -> Graph {
        let template = Template::parse(text).unwrap();
        Graph::of(&template, &BTreeMap::new())
    }

    #[test]
    fn a_cycle_is_told_with_its_path() {
        let text = "Resources:\n  A: {Type: T, Properties: {x: !Ref B}}\n  B: {Type: T, DependsOn: C}\n  C: {Type: T, Properties: {x: !Sub '${A.Arn}'}}\n  D: {Type: T, DependsOn: A}\n";
        let problem = graph(text).cycle_problem(&Template::parse(text).unwrap()).unwrap();
        assert_eq!(problem.message, "Circular dependency between resources: [A, B, C]: A → B → C → A");
        assert_eq!(problem.span.line, 2);
    }

    proptest! {
        /// Whatever acyclic graph there is: everything comes after all that it needs, nothing twice, nothing lost.
        #[test]
        fn the_order_respects_every_need(edges in proptest::collection::vec((0usize..20, 0usize..20), 0..80)) {
            let mut needs: BTreeMap<String, BTreeSet<String>> = (0..20).map(|id| (format!("R{id}"), BTreeSet::new())).collect();
            for (from, to) in edges.iter().filter(|(from, to)| from > to) {
                needs.get_mut(&format!("R{from}")).unwrap().insert(format!("R{to}"));
            }
            let graph = Graph { needs: needs.clone() };
            let order = graph.order();
            prop_assert_eq!(order.len(), 20);
            prop_assert!(graph.cycle().is_none());
            for (at, id) in order.iter().enumerate() {
                prop_assert!(needs[id].iter().all(|need| order[..at].contains(need)));
            }
        }

        /// And whatever graph at all: either it can be ordered whole, or a true cycle is named.
        #[test]
        fn a_cycle_is_one(edges in proptest::collection::vec((0usize..8, 0usize..8), 0..24)) {
            let mut needs: BTreeMap<String, BTreeSet<String>> = (0..8).map(|id| (format!("R{id}"), BTreeSet::new())).collect();
            for (from, to) in edges {
                needs.get_mut(&format!("R{from}")).unwrap().insert(format!("R{to}"));
            }
            let graph = Graph { needs: needs.clone() };
            match graph.cycle() {
                None => prop_assert_eq!(graph.order().len(), 8),
                Some(cycle) => {
                    prop_assert_eq!(cycle.first(), cycle.last());
                    prop_assert!(cycle.windows(2).all(|step| needs[&step[0]].contains(&step[1])));
                }
            }
        }
    }
}

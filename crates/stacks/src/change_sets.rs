//! The change sets of a stack.

use store::{Query, Versioned};

use crate::{
    engine::{Engine, Halt},
    rows::ChangeSetRow,
};

/// As they lie in the store: what was sealed is still sealed.
pub async fn of(engine: &Engine, stack: &str) -> Result<Vec<Versioned<ChangeSetRow>>, Halt> {
    let query = Query::<ChangeSetRow>::in_partition(&engine.home()).starts_with(format!("{stack}/"));
    Ok(engine.store.query_all(query).await?)
}

pub async fn by_arn(engine: &Engine, arn: &str) -> Result<Option<Versioned<ChangeSetRow>>, Halt> {
    let query = Query::<ChangeSetRow>::in_partition(&engine.home()).index("by_arn").equals(arn).limit(1);
    Ok(engine.store.query(query).await?.rows.into_iter().next())
}

pub async fn by_name(
    engine: &Engine,
    stack: &str,
    name: &str,
) -> Result<Option<Versioned<ChangeSetRow>>, Halt> {
    Ok(engine.store.get::<ChangeSetRow>(&engine.home(), &format!("{stack}/{name}")).await?)
}

//! Finding a stack by what callers call it.

use store::Versioned;

use crate::{
    engine::{Engine, Halt},
    rows::{StackNameRow, StackRow},
};

/// By name: the stack that has it now. By ARN: also one that is deleted.
pub async fn stack(engine: &Engine, name_or_arn: &str) -> Result<Option<Versioned<StackRow>>, Halt> {
    let id = match id_in(name_or_arn) {
        Some(id) => id.to_owned(),
        None => match engine.store.get::<StackNameRow>(&engine.home(), name_or_arn).await? {
            Some(row) => row.value.stack,
            None => return Ok(None),
        },
    };
    Ok(engine.stack(&id).await?.filter(|read| id_in(name_or_arn).is_none() || read.value.arn == name_or_arn))
}

/// `arn:aws:cloudformation:<region>:<account>:stack/<name>/<id>`
fn id_in(arn: &str) -> Option<&str> {
    let resource = arn.strip_prefix("arn:")?.splitn(5, ':').nth(4)?;
    resource.strip_prefix("stack/")?.split_once('/').map(|(_, id)| id)
}

#[cfg(test)]
mod tests {
    use super::id_in;

    #[test]
    fn an_arn_ends_in_its_id() {
        assert_eq!(id_in("arn:aws:cloudformation:us-east-1:000000000000:stack/a/b-c"), Some("b-c"));
        assert_eq!(id_in("a"), None);
        assert_eq!(id_in("arn:aws:s3:::x"), None);
    }
}

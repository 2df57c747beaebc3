//! How the engine calls other rooms: as whoever asked it to.

use base::{Caller, Identity};

use super::Context;

impl Context {
    pub fn caller(&self) -> Caller {
        Caller {
            identity: Identity::Principal {
                account: self.principal.account.clone(),
                arn: self.principal.arn.clone(),
                user_id: self.principal.user_id.clone(),
            },
            source_ip: String::from("cloudformation.amazonaws.com"),
            request_id: self.token.clone(),
        }
    }
}

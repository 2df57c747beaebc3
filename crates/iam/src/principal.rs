//! Who calls, once the signature was checked.

use std::sync::Arc;

use base::{Caller, Identity, Timestamp};

use crate::policy::{Actor, Policy};

/// A caller whose signature is right.
#[derive(Clone, Debug)]
pub struct Principal {
    pub account: String,
    /// `arn:aws:iam::…:root`, `…:user/…`, `arn:aws:sts::…:assumed-role/<role>/<session>`
    pub arn: String,
    /// The account for the root user, `AIDA…` for a user, `AROA…:<session>` for a role's session.
    pub user_id: String,
    pub access_key_id: String,
    pub kind: PrincipalKind,
    /// When the session was made, for keys that are a session's.
    pub session_since: Option<Timestamp>,
    /// What narrows the session, where it was made with policies.
    pub(crate) session_policies: Vec<Arc<Policy>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrincipalKind {
    Root,
    User {
        name: String,
    },
    /// A session of a role.
    AssumedRole {
        role: String,
        role_arn: String,
        session: String,
    },
}

impl Principal {
    /// As the rooms see the caller.
    pub fn to_caller(&self, source_ip: impl Into<String>, request_id: impl Into<String>) -> Caller {
        Caller {
            identity: Identity::Principal {
                account: self.account.clone(),
                arn: self.arn.clone(),
                user_id: self.user_id.clone(),
            },
            source_ip: source_ip.into(),
            request_id: request_id.into(),
        }
    }

    /// Made by `GetSessionToken`.
    pub(crate) fn is_user_session(&self) -> bool {
        self.session_since.is_some() && !matches!(self.kind, PrincipalKind::AssumedRole { .. })
    }

    pub(crate) fn actor(&self) -> Actor<'_> {
        let role = match &self.kind {
            PrincipalKind::AssumedRole { role_arn, .. } => Some(role_arn.as_str()),
            PrincipalKind::Root | PrincipalKind::User { .. } => None,
        };
        Actor::Caller { account: &self.account, arn: &self.arn, role }
    }
}

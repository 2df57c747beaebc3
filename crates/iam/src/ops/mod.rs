//! IAM's own operations, by what they are about.

mod access_keys;
mod attached_policies;
mod boundaries;
mod inline_policies;
mod managed_policies;
mod paging;
mod policy_versions;
mod roles;
mod tags;
mod users;
mod views;

use base::{AwsError, Boxed, Caller};
use facts::{
    Operation,
    iam::{self, errors},
};
use serde_json::Value;

use crate::{
    Iam, Inner,
    failure::{Failure, refused},
    sts::{read, write},
};

/// Calls the operation's function with its input, and writes its answer.
macro_rules! served {
    ($inner:expr, $caller:expr, $operation:expr, $input:expr, { $($name:ident => $function:path),* $(,)? }) => {
        match $operation {
            $(stringify!($name) => {
                let input = read::<iam::$name>($input)?;
                write::<iam::$name>($function($inner, $caller, input).await)
            })*
            other => Err(refused(errors::NotImplemented(format!("{other} is not there yet.")))),
        }
    };
}

impl Iam {
    /// Serves IAM. The signature was checked, and [`Iam::authorize_call`] asked, before.
    pub fn call_iam<'a>(
        &'a self,
        operation: &'a str,
        caller: &'a Caller,
        input: Value,
    ) -> Boxed<'a, Result<Value, AwsError>> {
        Box::pin(async move { self.inner.serve(operation, caller, input).await.map_err(AwsError::from) })
    }
}

impl Inner {
    async fn serve(&self, operation: &str, caller: &Caller, input: Value) -> Result<Value, Failure> {
        served!(self, caller, operation, input, {
            AttachRolePolicy => attached_policies::attach_to_role,
            AttachUserPolicy => attached_policies::attach_to_user,
            CreateAccessKey => access_keys::create,
            CreatePolicy => managed_policies::create,
            CreatePolicyVersion => policy_versions::create,
            CreateRole => roles::create,
            CreateUser => users::create,
            DeleteAccessKey => access_keys::delete,
            DeletePolicy => managed_policies::delete,
            DeletePolicyVersion => policy_versions::delete,
            DeleteRole => roles::delete,
            DeleteRolePermissionsBoundary => boundaries::delete_of_role,
            DeleteRolePolicy => inline_policies::delete_of_role,
            DeleteUser => users::delete,
            DeleteUserPolicy => inline_policies::delete_of_user,
            DetachRolePolicy => attached_policies::detach_from_role,
            DetachUserPolicy => attached_policies::detach_from_user,
            GetAccessKeyLastUsed => access_keys::last_used,
            GetPolicy => managed_policies::get,
            GetPolicyVersion => policy_versions::get,
            GetRole => roles::get,
            GetRolePolicy => inline_policies::get_of_role,
            GetUser => users::get,
            GetUserPolicy => inline_policies::get_of_user,
            ListAccessKeys => access_keys::list,
            ListAttachedRolePolicies => attached_policies::list_of_role,
            ListAttachedUserPolicies => attached_policies::list_of_user,
            ListPolicies => managed_policies::list,
            ListPolicyVersions => policy_versions::list,
            ListRolePolicies => inline_policies::list_of_role,
            ListRoleTags => tags::list,
            ListRoles => roles::list,
            ListUserPolicies => inline_policies::list_of_user,
            ListUsers => users::list,
            PutRolePermissionsBoundary => boundaries::put_on_role,
            PutRolePolicy => inline_policies::put_on_role,
            PutUserPolicy => inline_policies::put_on_user,
            TagRole => tags::tag,
            UntagRole => tags::untag,
            UpdateAccessKey => access_keys::update,
            UpdateAssumeRolePolicy => roles::update_trust,
            UpdateRole => roles::update,
        })
    }
}

/// The answer of an operation.
type Answer<O> = Result<<O as Operation>::Output, Failure>;

/// The answer of an operation that says nothing.
const DONE: facts::Empty = facts::Empty {};

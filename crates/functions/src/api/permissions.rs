//! Resource policies: `AddPermission`, `RemovePermission`, `GetPolicy`.

use base::AwsError;
use serde::Deserialize;
use serde_json::{Value, json};
use store::{Batch, Versioned};

use super::errors::{Trouble, conflict, invalid, not_found, stale_revision};
use crate::{
    functions::Inner,
    invoke::uuid,
    reference::LATEST,
    rows::{AliasRow, PolicyRow, Statement},
};

/// AWS Lambda Developer Guide, "Lambda quotas": a resource-based policy, in bytes.
const POLICY_LIMIT: usize = 20 * 1024;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AddPermission {
    function_name: String,
    statement_id: String,
    action: String,
    principal: String,
    source_arn: Option<String>,
    source_account: Option<String>,
    event_source_token: Option<String>,
    qualifier: Option<String>,
    revision_id: Option<String>,
    #[serde(rename = "PrincipalOrgID")]
    principal_org_id: Option<String>,
    function_url_auth_type: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RemovePermission {
    function_name: String,
    statement_id: String,
    qualifier: Option<String>,
    revision_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetPolicy {
    function_name: String,
    qualifier: Option<String>,
}

impl Inner {
    pub async fn add_permission(&self, input: AddPermission) -> Result<Value, AwsError> {
        let (function, qualifier) =
            self.policy_place(&input.function_name, input.qualifier.as_deref()).await?;
        let statement = Statement {
            sid: input.statement_id,
            principal: input.principal,
            action: input.action,
            source_arn: input.source_arn,
            source_account: input.source_account,
            event_source_token: input.event_source_token,
            principal_org_id: input.principal_org_id,
            function_url_auth_type: input.function_url_auth_type,
        };
        let decided: Result<(), Trouble> = self
            .store
            .decide(async || {
                let read = self.policy(&function, qualifier.as_deref()).await?;
                let mut row = match &read {
                    Some(read) => read.value.clone(),
                    None => PolicyRow {
                        function: function.clone(),
                        qualifier: qualifier.clone().unwrap_or_default(),
                        statements: Vec::new(),
                        revision_id: String::new(),
                    },
                };
                if input.revision_id.as_ref().is_some_and(|revision| *revision != row.revision_id) {
                    return Err(Trouble::Says(stale_revision()));
                }
                if row.statements.iter().any(|other| other.sid == statement.sid) {
                    return Err(Trouble::Says(conflict(format!(
                        "The statement id ({}) provided already exists. Please provide a new statement id, or remove \
                         the existing statement.",
                        statement.sid
                    ))));
                }
                row.statements.push(statement.clone());
                row.revision_id = uuid(&*self.rng);
                if self.shown_policy(&row).to_string().len() > POLICY_LIMIT {
                    return Err(Trouble::Says(AwsError::client(
                        "PolicyLengthExceededException",
                        format!("The final policy size is bigger than the limit ({POLICY_LIMIT})."),
                    )));
                }
                let batch = match &read {
                    Some(read) => Batch::new().replace(read, &row),
                    None => Batch::new().insert(&row),
                };
                Ok((batch, ()))
            })
            .await;
        decided?;
        self.catalog.forget(&function);
        let shown = self.shown_statement(&statement, &self.arn_of(&function, qualifier.as_deref()));
        Ok(json!({ "Statement": shown.to_string() }))
    }

    pub async fn remove_permission(&self, input: RemovePermission) -> Result<Value, AwsError> {
        let (function, qualifier) =
            self.policy_place(&input.function_name, input.qualifier.as_deref()).await?;
        let decided: Result<(), Trouble> = self
            .store
            .decide(async || {
                let read = self.policy(&function, qualifier.as_deref()).await?.ok_or_else(no_policy)?;
                let mut row = read.value.clone();
                if input.revision_id.as_ref().is_some_and(|revision| *revision != row.revision_id) {
                    return Err(Trouble::Says(stale_revision()));
                }
                row.statements.retain(|statement| statement.sid != input.statement_id);
                if row.statements.len() == read.value.statements.len() {
                    return Err(Trouble::Says(not_found(format!(
                        "Statement {} is not found in resource policy.",
                        input.statement_id
                    ))));
                }
                row.revision_id = uuid(&*self.rng);
                let batch = if row.statements.is_empty() {
                    Batch::new().spend(&read)
                } else {
                    Batch::new().replace(&read, &row)
                };
                Ok((batch, ()))
            })
            .await;
        decided?;
        self.catalog.forget(&function);
        Ok(json!({}))
    }

    pub async fn get_policy(&self, input: GetPolicy) -> Result<Value, AwsError> {
        let (function, qualifier) =
            self.policy_place(&input.function_name, input.qualifier.as_deref()).await?;
        let row = self.policy(&function, qualifier.as_deref()).await.map_err(AwsError::from)?;
        let row = row.ok_or_else(no_policy)?.value;
        Ok(json!({ "Policy": self.shown_policy(&row).to_string(), "RevisionId": row.revision_id }))
    }

    /// The function and the version or alias whose policy is meant; they must be there.
    async fn policy_place(
        &self,
        name: &str,
        qualifier: Option<&str>,
    ) -> Result<(String, Option<String>), AwsError> {
        let named = self.named(name, qualifier)?;
        self.function(&named.name).await?;
        match named.qualifier.as_deref() {
            None => {}
            Some(LATEST) => {
                return Err(invalid("We currently do not support adding policies for $LATEST."));
            }
            Some(version) if crate::reference::is_version(version) => {
                self.version(&named.name, version).await?;
            }
            Some(alias) => {
                let read = self.store.get::<AliasRow>(&named.name, alias).await.map_err(Trouble::from)?;
                read.ok_or_else(|| {
                    not_found(format!("Cannot find alias arn: {}", self.arn_of(&named.name, Some(alias))))
                })?;
            }
        }
        Ok((named.name, named.qualifier))
    }

    async fn policy(
        &self,
        function: &str,
        qualifier: Option<&str>,
    ) -> Result<Option<Versioned<PolicyRow>>, Trouble> {
        Ok(self.store.get::<PolicyRow>(function, &PolicyRow::key_of(qualifier)).await?)
    }

    fn shown_policy(&self, row: &PolicyRow) -> Value {
        let qualifier = Some(row.qualifier.as_str()).filter(|qualifier| !qualifier.is_empty());
        let arn = self.arn_of(&row.function, qualifier);
        let statements: Vec<Value> =
            row.statements.iter().map(|statement| self.shown_statement(statement, &arn)).collect();
        json!({ "Version": "2012-10-17", "Id": "default", "Statement": statements })
    }

    fn shown_statement(&self, statement: &Statement, resource: &str) -> Value {
        let principal = &statement.principal;
        let principal = if principal == "*" {
            json!("*")
        } else if principal.len() == 12 && principal.bytes().all(|byte| byte.is_ascii_digit()) {
            json!({ "AWS": format!("arn:aws:iam::{principal}:root") })
        } else if principal.starts_with("arn:") {
            json!({ "AWS": principal })
        } else {
            json!({ "Service": principal })
        };
        let mut shown = json!({
            "Sid": statement.sid, "Effect": "Allow", "Principal": principal, "Action": statement.action,
            "Resource": resource,
        });
        let mut conditions = serde_json::Map::new();
        let mut equals = serde_json::Map::new();
        for (key, value) in [
            ("AWS:SourceAccount", &statement.source_account),
            ("lambda:EventSourceToken", &statement.event_source_token),
            ("aws:PrincipalOrgID", &statement.principal_org_id),
            ("lambda:FunctionUrlAuthType", &statement.function_url_auth_type),
        ] {
            if let Some(value) = value {
                equals.insert(key.to_owned(), json!(value));
            }
        }
        if !equals.is_empty() {
            conditions.insert(String::from("StringEquals"), Value::Object(equals));
        }
        if let Some(source_arn) = &statement.source_arn {
            conditions.insert(String::from("ArnLike"), json!({ "AWS:SourceArn": source_arn }));
        }
        if !conditions.is_empty() {
            shown["Condition"] = Value::Object(conditions);
        }
        shown
    }
}

fn no_policy() -> AwsError {
    not_found("The resource you requested does not exist.")
}

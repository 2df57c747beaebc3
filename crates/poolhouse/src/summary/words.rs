//! The summary for a person.

use super::Summary;

impl Summary {
    pub fn for_people(&self, endpoint: &str) -> String {
        let mut text = format!(
            "service: {}\nstage: {}\nregion: {}\nstack: {} ({})",
            self.service, self.stage, self.region, self.stack, self.status
        );
        if !self.endpoints.is_empty() {
            text.push_str("\nendpoints:");
            for one in &self.endpoints {
                let guard =
                    one.authorizer.as_ref().map(|name| format!("  (guarded by {name})")).unwrap_or_default();
                text.push_str(&format!("\n  {:<6} {}{guard}", one.method, one.url));
            }
        }
        if !self.functions.is_empty() {
            text.push_str("\nfunctions:");
            for function in &self.functions {
                text.push_str(&format!("\n  {}: {}", function.key, function.name));
            }
        }
        if !self.user_pools.is_empty() {
            text.push_str("\nuser pools:");
        }
        for pool in &self.user_pools {
            text.push_str(&format!("\n  {}: {} ({})", pool.logical_id, pool.id, pool.name));
            text.push_str(&format!("\n    issuer:   {}\n    keys:     {}", pool.issuer, pool.jwks_uri));
            for client in &pool.clients {
                text.push_str(&format!("\n    client:   {} ({})", client.id, client.name));
            }
            if let Some(hosted) = &pool.hosted_ui {
                text.push_str(&format!("\n    hosted:   {hosted}"));
            }
            for url in pool.login_urls() {
                text.push_str(&format!("\n    sign in:  {url}"));
            }
        }
        let own: Vec<_> = self
            .outputs
            .iter()
            .filter(|(key, _)| {
                *key != "ServiceEndpoint"
                    && *key != "ServerlessDeploymentBucketName"
                    && !key.ends_with("QualifiedArn")
            })
            .collect();
        if !own.is_empty() {
            text.push_str("\noutputs:");
            for (key, value) in own {
                text.push_str(&format!("\n  {key}: {value}"));
            }
        }
        let missing = self.missing(endpoint);
        if !missing.is_empty() {
            text.push_str(
                "\n\nMissing for signing in through the hosted pages; these lines of the AWS CLI set it:",
            );
            for line in missing {
                text.push_str(&format!("\n  {line}"));
            }
        }
        text
    }
}

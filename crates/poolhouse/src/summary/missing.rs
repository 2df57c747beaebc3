//! A pool without a domain, a client without OAuth settings: as in the posts, where a person sets both in the console.
//! Here it is two lines of the AWS CLI, ready to be copied.

use super::{AppClient, Summary, UserPool};

/// Where the posts' front end listens.
const CALLBACK: &str = "http://localhost:3000/";

impl Summary {
    /// What to run so that people can sign in through the hosted pages. With an endpoint the lines name it.
    pub fn missing(&self, endpoint: &str) -> Vec<String> {
        let at = if endpoint.is_empty() { String::new() } else { format!(" --endpoint-url {endpoint}") };
        let mut lines = Vec::new();
        for pool in &self.user_pools {
            for client in pool.clients.iter().filter(|client| !client.can_use_hosted_ui) {
                lines.push(self.set_oauth(&at, pool, client));
            }
            if pool.domain.is_none() && !pool.clients.is_empty() {
                lines.push(format!(
                    "aws{at} --region {} cognito-idp create-user-pool-domain --user-pool-id {} --domain {}",
                    self.region,
                    pool.id,
                    self.domain_for(pool)
                ));
            }
        }
        lines
    }

    fn set_oauth(&self, at: &str, pool: &UserPool, client: &AppClient) -> String {
        let callback = client.callback_urls.first().map_or(CALLBACK, String::as_str);
        // A client with a secret is a server's, which uses codes.
        let flows = if client.has_secret { "code" } else { "implicit code" };
        // An update sets back what it does not name, so that it names what the client has. URLs stand in JSON since
        // version 1 of the AWS CLI would fetch what looks like one.
        let mut line = format!(
            "aws{at} --region {} cognito-idp update-user-pool-client --user-pool-id {} --client-id {} --client-name {}",
            self.region,
            pool.id,
            client.id,
            quoted(&client.name)
        );
        if !client.auth_flows.is_empty() {
            line.push_str(&format!(" --explicit-auth-flows {}", client.auth_flows.join(" ")));
        }
        if client.hides_existence {
            line.push_str(" --prevent-user-existence-errors ENABLED");
        }
        line.push_str(&format!(
            " --supported-identity-providers COGNITO --callback-urls '[\"{callback}\"]' --logout-urls '[\"{callback}\"]' \
             --allowed-o-auth-flows {flows} --allowed-o-auth-scopes openid email profile aws.cognito.signin.user.admin \
             --allowed-o-auth-flows-user-pool-client"
        ));
        line
    }

    /// A domain's first part is letters, digits and '-', and may not have Amazon's names in it (Amazon Cognito Developer
    /// Guide, "Configuring a user pool domain").
    fn domain_for(&self, pool: &UserPool) -> String {
        let mut domain = format!("{}-{}", self.service, self.stage).to_lowercase();
        for reserved in ["cognito", "amazon", "aws"] {
            domain = domain.replace(reserved, "");
        }
        let words: Vec<&str> =
            domain.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
        let own = pool.id.rsplit('_').next().unwrap_or_default().to_lowercase();
        let mut domain = words.join("-");
        domain.truncate(40);
        let domain = domain.trim_matches('-');
        // Domains are the region's, not the account's: a part of the pool's id keeps two people from wishing for one.
        if domain.is_empty() { format!("pool-{own}") } else { format!("{domain}-{own}") }
    }
}

/// For a shell.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.+=@/".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::*;

    fn summary() -> Summary {
        let client = AppClient {
            id: String::from("c1"),
            name: String::from("web"),
            has_secret: false,
            callback_urls: Vec::new(),
            flows: Vec::new(),
            auth_flows: vec![String::from("ALLOW_USER_SRP_AUTH")],
            hides_existence: true,
            can_use_hosted_ui: false,
        };
        let pool = UserPool {
            logical_id: String::from("Pool"),
            id: String::from("us-east-1_Ab3dEf9hI"),
            name: String::new(),
            arn: String::new(),
            issuer: String::new(),
            jwks_uri: String::new(),
            domain: None,
            hosted_ui: None,
            clients: vec![client],
        };
        Summary {
            service: String::from("serverless-Cognito"),
            stage: String::from("beta"),
            region: String::from("us-east-1"),
            user_pools: vec![pool],
            ..Summary::default()
        }
    }

    #[test]
    fn the_posts_service_lacks_two_lines() {
        let lines = summary().missing("http://localhost:4747");
        assert_eq!(lines.len(), 2);
        assert!(lines[0].starts_with(
            "aws --endpoint-url http://localhost:4747 --region us-east-1 cognito-idp update-user-pool-client --user-pool-id us-east-1_Ab3dEf9hI --client-id c1 "
        ));
        assert!(lines[0].contains("--client-name web --explicit-auth-flows ALLOW_USER_SRP_AUTH --prevent-user-existence-errors ENABLED --supp"));
        assert!(lines[0].contains(" --callback-urls '[\"http://localhost:3000/\"]' --logout-urls "));
        assert!(lines[0].contains(" --allowed-o-auth-flows implicit code --allowed-o-auth-scopes openid "));
        assert!(lines[1].ends_with(
            "create-user-pool-domain --user-pool-id us-east-1_Ab3dEf9hI --domain serverless-beta-ab3def9hi"
        ));
    }

    #[test]
    fn names_survive_the_shell() {
        assert_eq!(super::quoted("my-client"), "my-client");
        assert_eq!(super::quoted("it's; rm"), "'it'\\''s; rm'");
        assert_eq!(super::quoted(""), "''");
    }

    #[test]
    fn what_is_set_up_lacks_nothing() {
        let mut summary = summary();
        summary.user_pools[0].domain = Some(String::from("mine"));
        summary.user_pools[0].clients[0].can_use_hosted_ui = true;
        assert!(summary.missing("").is_empty());
    }
}

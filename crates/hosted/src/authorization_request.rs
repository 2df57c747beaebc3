//! What an app asks for when it sends somebody to sign in: the query of `/oauth2/authorize`, `/login` and every page
//! after them (Amazon Cognito Developer Guide, "Authorize endpoint"; RFC 6749, section 4.1.1; RFC 7636, section 4.3;
//! OpenID Connect Core 1.0, section 3.1.2.1).

use crate::{client_settings::ClientSettings, oauth_error::OauthError};

/// The longest `state` and `nonce` that are carried along, in bytes.
const OPAQUE_LIMIT: usize = 4096;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseType {
    /// Authorization code grant.
    Code,
    /// Implicit grant.
    Token,
}

/// A request that was checked against its client.
#[derive(Clone, Debug)]
pub struct AuthorizationRequest {
    pub client_id: String,
    pub redirect_uri: String,
    pub response_type: ResponseType,
    /// What was asked for, or all that the client allows where nothing was.
    pub scopes: Vec<String>,
    pub state: Option<String>,
    pub nonce: Option<String>,
    /// S256 (RFC 7636): the only method there is.
    pub code_challenge: Option<String>,
    pub prompt: Option<String>,
    pub login_hint: Option<String>,
}

/// Why a request is refused, and whom to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The client or the address to go back to cannot be trusted: say so here, redirect nowhere.
    Here(OauthError),
    /// The address is the client's own: it gets the error there (RFC 6749, section 4.1.2.1).
    Back { redirect_uri: String, in_fragment: bool, state: Option<String>, error: OauthError },
}

/// The parameters as they came, each at most once (RFC 6749, section 3.1).
#[derive(Clone, Debug, Default)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    pub fn parse(encoded: &[u8]) -> Self {
        Self(form_urlencoded::parse(encoded).into_owned().collect())
    }

    /// A parameter that is there once and not empty. One that stands there twice counts as absent, so that no two
    /// readers can choose differently.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut found = self.0.iter().filter(|(key, _)| key == name);
        let (_, value) = found.next()?;
        (found.next().is_none() && !value.is_empty()).then_some(value.as_str())
    }

    pub fn repeated(&self, name: &str) -> bool {
        self.0.iter().filter(|(key, _)| key == name).count() > 1
    }

    /// Every parameter whose name is `prefix[…]`, with what stands between the brackets.
    pub fn bracketed<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0.iter().filter_map(move |(key, value)| {
            let inside = key.strip_prefix(prefix)?.strip_prefix('[')?.strip_suffix(']')?;
            Some((inside, value.as_str()))
        })
    }
}

impl AuthorizationRequest {
    /// Checks the parameters against the client that `client_id` names (`None` where there is no such client here).
    pub fn check(parameters: &Parameters, client: Option<&ClientSettings>) -> Result<Self, Refusal> {
        let here = |error| Err(Refusal::Here(error));
        for name in ["client_id", "redirect_uri", "response_type", "scope", "state", "code_challenge"] {
            if parameters.repeated(name) {
                return here(OauthError::invalid_request("A parameter was given twice."));
            }
        }
        if parameters.get("client_id").is_none() {
            return here(OauthError::invalid_request("Required parameter 'client_id' is missing."));
        }
        let Some(client) = client else { return here(OauthError::invalid_client()) };
        let redirect_uri = match (parameters.get("redirect_uri"), &client.default_redirect_uri) {
            (Some(given), _) => given.to_owned(),
            (None, Some(default)) => default.clone(),
            (None, None) => {
                return here(OauthError::invalid_request("Required parameter 'redirect_uri' is missing."));
            }
        };
        if !client.is_callback(&redirect_uri) {
            return here(OauthError::new(
                "redirect_mismatch",
                "The redirect_uri is not one of the app client's callback URLs. They are compared character by character.",
            ));
        }
        let state = parameters.get("state").map(str::to_owned);
        let response_type = match parameters.get("response_type") {
            Some("code") => ResponseType::Code,
            Some("token") => ResponseType::Token,
            None => {
                return here(OauthError::invalid_request("Required parameter 'response_type' is missing."));
            }
            Some(_) => {
                return Err(Refusal::Back {
                    redirect_uri,
                    in_fragment: false,
                    state,
                    error: OauthError::new(
                        "unsupported_response_type",
                        "The response_type is neither 'code' nor 'token'.",
                    ),
                });
            }
        };
        let in_fragment = response_type == ResponseType::Token;
        let back = |error| {
            Err(Refusal::Back {
                redirect_uri: redirect_uri.clone(),
                in_fragment,
                state: state.clone(),
                error,
            })
        };
        let flow = if in_fragment { "implicit" } else { "code" };
        if !client.allows_flow(flow) {
            return back(OauthError::unauthorized_client(
                "The app client does not allow this OAuth flow (AllowedOAuthFlows, AllowedOAuthFlowsUserPoolClient).",
            ));
        }
        let scopes = match requested_scopes(parameters.get("scope"), &client.scopes) {
            Ok(scopes) => scopes,
            Err(error) => return back(error),
        };
        let nonce = parameters.get("nonce").map(str::to_owned);
        if [&state, &nonce].into_iter().flatten().any(|text| text.len() > OPAQUE_LIMIT) {
            return here(OauthError::invalid_request("'state' or 'nonce' is longer than 4096 bytes."));
        }
        let code_challenge = match (parameters.get("code_challenge"), parameters.get("code_challenge_method"))
        {
            (None, None) => None,
            (Some(challenge), Some("S256")) if is_s256_challenge(challenge) => Some(challenge.to_owned()),
            (Some(_), Some("S256")) => {
                return back(OauthError::invalid_request(
                    "The code_challenge is not 43 characters of base64url.",
                ));
            }
            _ => {
                return back(OauthError::invalid_request(
                    "code_challenge and code_challenge_method go together, and the only method is S256.",
                ));
            }
        };
        Ok(Self {
            client_id: client.client_id.clone(),
            redirect_uri: redirect_uri.clone(),
            response_type,
            scopes,
            state: state.clone(),
            nonce,
            code_challenge,
            prompt: parameters.get("prompt").map(str::to_owned),
            login_hint: parameters.get("login_hint").map(str::to_owned),
        })
    }

    /// The same request as a query, for the links and forms of the pages that follow.
    pub fn to_query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("client_id", &self.client_id);
        query.append_pair(
            "response_type",
            match self.response_type {
                ResponseType::Code => "code",
                ResponseType::Token => "token",
            },
        );
        query.append_pair("scope", &self.scopes.join(" "));
        query.append_pair("redirect_uri", &self.redirect_uri);
        if let Some(state) = &self.state {
            query.append_pair("state", state);
        }
        if let Some(nonce) = &self.nonce {
            query.append_pair("nonce", nonce);
        }
        if let Some(challenge) = &self.code_challenge {
            query.append_pair("code_challenge", challenge);
            query.append_pair("code_challenge_method", "S256");
        }
        query.finish()
    }
}

impl Refusal {
    /// Where to send the browser, for a refusal that the client may be told of.
    pub fn location(&self) -> Option<String> {
        match self {
            Self::Here(_) => None,
            Self::Back { redirect_uri, in_fragment, state, error } => {
                let mut answer = form_urlencoded::Serializer::new(String::new());
                answer.append_pair("error", error.code);
                answer.append_pair("error_description", error.description);
                if let Some(state) = state {
                    answer.append_pair("state", state);
                }
                Some(with_answer(redirect_uri, &answer.finish(), *in_fragment))
            }
        }
    }
}

/// Adds an encoded answer to a registered address, which may have a query of its own.
pub fn with_answer(redirect_uri: &str, answer: &str, in_fragment: bool) -> String {
    let joint = match (in_fragment, redirect_uri.contains('?')) {
        (true, _) => '#',
        (false, true) => '&',
        (false, false) => '?',
    };
    format!("{redirect_uri}{joint}{answer}")
}

/// The scopes asked for; all of the client's where none are. `openid` carries the id token; the other scopes of OpenID
/// Connect mean nothing without it (Amazon Cognito Developer Guide, "Scopes, M2M, and resource servers").
pub fn requested_scopes(asked: Option<&str>, allowed: &[String]) -> Result<Vec<String>, OauthError> {
    let Some(asked) = asked else { return Ok(allowed.to_vec()) };
    let mut scopes: Vec<String> = Vec::new();
    for scope in asked.split(' ').filter(|scope| !scope.is_empty()) {
        if !allowed.iter().any(|one| one == scope) {
            return Err(OauthError::invalid_scope());
        }
        if !scopes.iter().any(|one| one == scope) {
            scopes.push(scope.to_owned());
        }
    }
    let needs_openid = scopes.iter().any(|scope| ["email", "phone", "profile"].contains(&scope.as_str()));
    if needs_openid && !scopes.iter().any(|scope| scope == "openid") {
        return Err(OauthError::invalid_scope());
    }
    Ok(scopes)
}

fn is_s256_challenge(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client() -> ClientSettings {
        ClientSettings {
            client_id: String::from("abc"),
            oauth_enabled: true,
            flows: vec![String::from("code"), String::from("implicit")],
            scopes: ["openid", "email", "profile"].map(String::from).to_vec(),
            callback_urls: vec![
                String::from("http://localhost:3000/"),
                String::from("https://a.example/cb?x=1"),
            ],
            ..ClientSettings::default()
        }
    }

    fn check(query: &str) -> Result<AuthorizationRequest, Refusal> {
        AuthorizationRequest::check(&Parameters::parse(query.as_bytes()), Some(&client()))
    }

    #[test]
    fn the_login_url_of_the_posts_is_a_whole_request() {
        let request =
            check("response_type=token&client_id=abc&redirect_uri=http://localhost:3000/").expect("accepted");
        assert_eq!(request.response_type, ResponseType::Token);
        assert_eq!(request.scopes, ["openid", "email", "profile"]);
    }

    #[test]
    fn an_untrusted_address_is_never_redirected_to() {
        for query in [
            "response_type=token&client_id=abc&redirect_uri=https://evil.example/",
            "response_type=token&client_id=abc",
            "response_type=token&redirect_uri=http://localhost:3000/",
            "response_type=token&client_id=abc&redirect_uri=http://localhost:3000/&redirect_uri=https://evil.example/",
        ] {
            let refusal = check(query).expect_err(query);
            assert_eq!(refusal.location(), None, "{query}");
        }
    }

    #[test]
    fn the_client_hears_of_a_wrong_scope_where_it_listens() {
        let refusal = check("response_type=token&client_id=abc&redirect_uri=http://localhost:3000/&scope=openid+admin&state=s%26t")
            .expect_err("refused");
        let location = refusal.location().expect("told");
        assert!(location.starts_with("http://localhost:3000/#error=invalid_scope&"), "{location}");
        assert!(location.ends_with("&state=s%26t"), "{location}");
        let refusal =
            check("response_type=code&client_id=abc&redirect_uri=https://a.example/cb?x%3D1&scope=email")
                .expect_err("email without openid");
        assert!(
            refusal.location().expect("told").starts_with("https://a.example/cb?x=1&error=invalid_scope")
        );
    }

    #[test]
    fn pkce_is_s256_or_nothing() {
        let base = "response_type=code&client_id=abc&redirect_uri=http://localhost:3000/";
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        assert!(check(&format!("{base}&code_challenge={challenge}&code_challenge_method=S256")).is_ok());
        assert!(check(&format!("{base}&code_challenge={challenge}&code_challenge_method=plain")).is_err());
        assert!(check(&format!("{base}&code_challenge={challenge}")).is_err());
        assert!(check(&format!("{base}&code_challenge_method=S256")).is_err());
        assert!(check(&format!("{base}&code_challenge=short&code_challenge_method=S256")).is_err());
    }

    #[test]
    fn a_request_survives_being_written_as_a_query() {
        let query = "response_type=code&client_id=abc&redirect_uri=http://localhost:3000/&state=a%20b%3C&nonce=n&scope=openid";
        let request = check(query).expect("accepted");
        let again = check(&request.to_query()).expect("accepted again");
        assert_eq!((again.state.as_deref(), again.nonce.as_deref()), (Some("a b<"), Some("n")));
        assert_eq!(again.scopes, ["openid"]);
    }
}

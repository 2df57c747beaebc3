//! A browser at one of our pages: which domain and pool, what the app asked for, and the browser's form token.

use std::sync::Arc;

use axum::{
    extract::FromRequestParts,
    response::{IntoResponse, Response},
};
use base::{Caller, Timestamp};
use http::{HeaderMap, HeaderValue, StatusCode, header, request};
use userpool::{Client, Pool};

use crate::{
    Hosted,
    authorization_request::{AuthorizationRequest, Parameters, Refusal},
    client_settings::ClientSettings,
    csrf,
    domain::HostedDomain,
    pages::{self, Frame},
    steps::{self, Step},
};

/// What is known of a request before any endpoint looks at it.
pub struct Visit {
    pub domain: HostedDomain,
    pub pool: Arc<Pool>,
    pub parameters: Parameters,
    pub headers: HeaderMap,
    pub caller: Caller,
    pub now: Timestamp,
    pub csrf: String,
    csrf_is_new: bool,
}

/// A visit with a valid authorization request: what every page needs.
pub struct Errand {
    pub visit: Visit,
    pub client: Arc<Client>,
    pub settings: ClientSettings,
    pub request: AuthorizationRequest,
    /// The request as a query.
    pub query: String,
}

impl FromRequestParts<Hosted> for Visit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut request::Parts, hosted: &Hosted) -> Result<Self, Response> {
        let (Some(domain), Some(caller)) =
            (parts.extensions.get::<HostedDomain>().cloned(), parts.extensions.get::<Caller>().cloned())
        else {
            return Err(StatusCode::NOT_FOUND.into_response());
        };
        let pool = match hosted.pool_of_domain(&domain.domain).await {
            Ok(Some(pool)) => pool,
            Ok(None) => return Err(pages::no_such_domain(&domain)),
            Err(error) => return Err(pages::failure(&domain, &error.to_string())),
        };
        let (csrf, csrf_is_new) = csrf::token(&parts.headers, hosted.rng.as_ref());
        Ok(Self {
            domain,
            pool,
            parameters: Parameters::parse(parts.uri.query().unwrap_or_default().as_bytes()),
            headers: parts.headers.clone(),
            caller,
            now: hosted.clock.now(),
            csrf,
            csrf_is_new,
        })
    }
}

impl FromRequestParts<Hosted> for Errand {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut request::Parts, hosted: &Hosted) -> Result<Self, Response> {
        let visit = <Visit as FromRequestParts<Hosted>>::from_request_parts(parts, hosted).await?;
        visit.errand(hosted).await
    }
}

impl Visit {
    /// The app client that `client_id` names, where it is one of this domain's pool.
    pub async fn client(&self, hosted: &Hosted, client_id: &str) -> Result<Option<Arc<Client>>, Response> {
        match hosted.user_pools.find_client(client_id).await {
            Ok(Some(client)) if client.user_pool_id == self.pool.id() => Ok(Some(client)),
            Ok(_) => Ok(None),
            Err(error) => Err(pages::failure(&self.domain, &error.to_string())),
        }
    }

    /// Gives a browser that had no form token its own.
    pub fn keep(&self, mut response: Response) -> Response {
        if self.csrf_is_new {
            let cookie = crate::cookies::write(&self.domain.cookie_scope(), csrf::COOKIE, &self.csrf, None);
            add_cookie(&mut response, cookie);
        }
        response
    }

    /// Whether a posted form came from our own page in this browser.
    pub fn sent_from_here(&self, form: &Parameters) -> bool {
        csrf::is_ours(&self.headers, form.get(csrf::FIELD), &self.domain.origin)
    }

    pub async fn errand(self, hosted: &Hosted) -> Result<Errand, Response> {
        let client = match self.parameters.get("client_id") {
            Some(client_id) => self.client(hosted, client_id).await?,
            None => None,
        };
        let settings = client.as_ref().map(|client| settings_of(client));
        match (AuthorizationRequest::check(&self.parameters, settings.as_ref()), client, settings) {
            (Ok(request), Some(client), Some(settings)) => {
                let query = request.to_query();
                Ok(Errand { visit: self, client, settings, request, query })
            }
            (Err(refusal), ..) => Err(self.refuse(&refusal)),
            (Ok(_), ..) => Err(StatusCode::INTERNAL_SERVER_ERROR.into_response()),
        }
    }

    fn refuse(&self, refusal: &Refusal) -> Response {
        match (refusal.location(), refusal) {
            (Some(location), _) => redirect(&location),
            (None, Refusal::Here(error) | Refusal::Back { error, .. }) => pages::refused(&self.domain, error),
        }
    }
}

impl Errand {
    pub fn frame(&self) -> Frame<'_> {
        Frame {
            domain: &self.visit.domain,
            brand: self.settings.client_name.as_str(),
            query: &self.query,
            csrf: &self.visit.csrf,
            redirect_uri: Some(&self.request.redirect_uri),
        }
    }

    /// The answer to a posted form that is not ours; `None` where it is.
    pub fn refuse_form(&self, form: &Parameters) -> Option<Response> {
        (!self.visit.sent_from_here(form)).then(|| {
            let back = self.to("login");
            self.keep(pages::not_our_form(&self.frame(), Some((&back, "Back to sign in"))))
        })
    }

    /// A page of ours with the same authorization request.
    pub fn to(&self, page: &str) -> String {
        format!("{}/{page}?{}", self.visit.domain.base_path, self.query)
    }

    /// Gives a browser that had no form token its own.
    pub fn keep(&self, mut response: Response) -> Response {
        if self.visit.csrf_is_new {
            add_cookie(
                &mut response,
                crate::cookies::write(
                    &self.visit.domain.cookie_scope(),
                    csrf::COOKIE,
                    &self.visit.csrf,
                    None,
                ),
            );
        }
        response
    }

    fn holder(&self) -> steps::Holder<'_> {
        steps::Holder {
            domain: &self.visit.domain,
            pool_id: self.visit.pool.id(),
            client_id: self.client.id(),
            csrf: &self.visit.csrf,
        }
    }

    pub fn step(&self, hosted: &Hosted) -> Option<Step> {
        steps::current(&hosted.sealer, &self.holder(), self.visit.now, &self.visit.headers)
    }

    /// Sends the browser to `page`, where it goes on with `step`.
    pub fn go_on(&self, hosted: &Hosted, page: &str, step: Step) -> Response {
        let mut response = redirect(&self.to(page));
        add_cookie(&mut response, steps::set(&hosted.sealer, &self.holder(), self.visit.now, step));
        self.keep(response)
    }
}

pub fn settings_of(client: &Client) -> ClientSettings {
    let row = &client.client;
    ClientSettings {
        client_id: client.id().to_owned(),
        client_name: row.client_name.clone().unwrap_or_else(|| client.id().to_owned()),
        has_secret: client.is_confidential(),
        oauth_enabled: row.allowed_oauth_flows_user_pool_client.unwrap_or(false),
        flows: row.allowed_oauth_flows.clone().unwrap_or_default(),
        scopes: row.allowed_oauth_scopes.clone().unwrap_or_default(),
        callback_urls: row.callback_urls.clone().unwrap_or_default(),
        logout_urls: row.logout_urls.clone().unwrap_or_default(),
        default_redirect_uri: row.default_redirect_uri.clone(),
        identity_providers: row.supported_identity_providers.clone().unwrap_or_default(),
    }
}

/// 302, as Cognito's pages answer; nothing of it may be kept by a cache.
pub fn redirect(location: &str) -> Response {
    let Ok(value) = HeaderValue::from_str(location) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let mut response = StatusCode::FOUND.into_response();
    response.headers_mut().insert(header::LOCATION, value);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

pub fn add_cookie(response: &mut Response, cookie: Option<HeaderValue>) {
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

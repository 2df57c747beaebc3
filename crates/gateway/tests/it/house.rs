//! A gateway to test in.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use base::Timestamp;
use bytes::Bytes;
use crypto::{
    jwk::{PublicKey, SigningKey},
    jwt,
    seal::{MasterKey, Sealer},
};
use gateway::{
    AccessLog, AccessLogLine, ApiRequest, Config, Gateway, Parts,
    definitions::{
        AuthorizerDefinition, AuthorizerKind, IntegrationDefinition, IntegrationKind, MethodDefinition,
        RestApiDefinition, StageDefinition,
    },
};
use http::Response;
use iam::Iam;
use ports::{
    Clock, Invoke, Rng,
    invoke::{Invocation, InvokeError, Invoked},
};
use serde_json::{Map, Value, json};
use store::Store;
use store_sqlite::SqliteEngine;
use userpool::tokens::{PoolTokens, TokenRejected, VerifiedToken, VerifyTokens};

/// 21 November 2026, 20:13:27 UTC.
pub const NOW: i64 = 1_795_292_007;
pub const POOL: &str = "us-east-1_Ab3dEf9hI";
pub const OTHER_POOL: &str = "us-east-1_Zz9yXw8vU";

pub fn pool_arn(pool: &str) -> String {
    format!("arn:aws:cognito-idp:us-east-1:000000000000:userpool/{pool}")
}

pub fn function_uri(name: &str) -> String {
    format!(
        "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:{name}/invocations"
    )
}

pub struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

impl TestClock {
    pub fn advance_seconds(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1000, Ordering::SeqCst);
    }
}

/// SplitMix64: the same ids in every run.
struct TestRng(AtomicU64);

impl Rng for TestRng {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let mut z = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(z ^ (z >> 31)).to_be_bytes()[..chunk.len()]);
        }
    }
}

type Handler = Box<dyn Fn(Value) -> Result<Value, Value> + Send + Sync>;

/// Functions that run in the test. One that nobody wrote answers with the event it got.
#[derive(Default)]
pub struct Functions {
    handlers: Mutex<HashMap<String, Handler>>,
    pub calls: Mutex<Vec<Invocation>>,
}

impl Functions {
    /// `Err` is a function error with that payload.
    pub fn write(&self, name: &str, handler: impl Fn(Value) -> Result<Value, Value> + Send + Sync + 'static) {
        self.handlers.lock().unwrap().insert(name.to_owned(), Box::new(handler));
    }

    pub fn calls_of(&self, name: &str) -> usize {
        self.calls.lock().unwrap().iter().filter(|call| call.function.ends_with(&format!(":{name}"))).count()
    }
}

#[async_trait]
impl Invoke for Functions {
    async fn invoke(&self, invocation: Invocation) -> Result<Invoked, InvokeError> {
        let name = invocation.function.rsplit(':').next().unwrap().to_owned();
        let event: Value = serde_json::from_slice(&invocation.payload).expect("an event is JSON");
        self.calls.lock().unwrap().push(invocation);
        match name.as_str() {
            "missing" => return Err(InvokeError::NotFound(name)),
            "slow" => tokio::time::sleep(std::time::Duration::from_secs(3600)).await,
            _ => {}
        }
        let handlers = self.handlers.lock().unwrap();
        let answer = match handlers.get(&name) {
            Some(handler) => handler(event),
            None => Ok(json!({"statusCode": 200, "body": event.to_string()})),
        };
        let (payload, function_error) = match answer {
            Ok(payload) => (payload, None),
            Err(payload) => (payload, Some(String::from("Unhandled"))),
        };
        let payload = Bytes::from(payload.to_string());
        Ok(Invoked { payload, function_error, executed_version: "$LATEST".into(), log_tail: None })
    }
}

/// Two pools with a key each, made when a test first wants a token, and tokens checked against them as the user pools'
/// room does.
pub struct Pools {
    keys: HashMap<&'static str, OnceLock<(SigningKey, PublicKey)>>,
    clock: Arc<TestClock>,
    pub verifications: AtomicU64,
}

impl Pools {
    fn new(clock: Arc<TestClock>) -> Self {
        let keys = [POOL, OTHER_POOL].map(|pool| (pool, OnceLock::new()));
        Self { keys: keys.into(), clock, verifications: AtomicU64::new(0) }
    }

    fn key(&self, pool: &str) -> Option<&(SigningKey, PublicKey)> {
        let key = self.keys.get(pool)?;
        Some(key.get_or_init(|| {
            let key = SigningKey::generate(pool).unwrap();
            let public = key.public_key().unwrap();
            (key, public)
        }))
    }

    pub fn sign(&self, pool: &str, claims: &Value) -> String {
        jwt::sign(&self.key(pool).unwrap().0, claims).unwrap()
    }

    pub fn claims(&self, pool: &str, token_use: &str) -> Value {
        let now = self.clock.now().seconds();
        let mut claims = json!({
            "sub": "940805d0-a810-42da-9515-a213e211bbd1", "iss": format!("http://localhost:4747/{pool}"),
            "token_use": token_use, "auth_time": now, "iat": now, "exp": now + 3600,
            "cognito:groups": ["admin", "staff"]
        });
        let more = if token_use == "id" {
            json!({"aud": "client1", "email": "ada@example.com", "email_verified": true, "cognito:username": "ada"})
        } else {
            json!({"client_id": "client1", "username": "ada", "scope": "aws.cognito.signin.user.admin shop/read"})
        };
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        claims
    }

    pub fn id_token(&self, pool: &str) -> String {
        self.sign(pool, &self.claims(pool, "id"))
    }

    pub fn access_token(&self, pool: &str) -> String {
        self.sign(pool, &self.claims(pool, "access"))
    }
}

#[async_trait]
impl VerifyTokens for Pools {
    async fn verify(&self, pool_id: &str, token: &str) -> Result<VerifiedToken, TokenRejected> {
        self.verifications.fetch_add(1, Ordering::SeqCst);
        let (_, key) = self.key(pool_id).ok_or(TokenRejected::NoSuchPool)?;
        let claims: Map<String, Value> = jwt::verify(token, key).map_err(|_| TokenRejected::Signature)?;
        let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        if text("iss") != format!("http://localhost:4747/{pool_id}") {
            return Err(TokenRejected::Issuer);
        }
        if claims["exp"].as_i64().unwrap_or(0) <= self.clock.now().seconds() {
            return Err(TokenRejected::Expired);
        }
        let token_use = text("token_use");
        let scopes = text("scope").split_whitespace().map(str::to_owned).collect();
        Ok(VerifiedToken { claims, token_use, scopes })
    }
}

#[derive(Default)]
pub struct Lines(pub Mutex<Vec<AccessLogLine>>);

impl AccessLog for Lines {
    fn write(&self, line: AccessLogLine) {
        self.0.lock().unwrap().push(line);
    }
}

pub struct House {
    pub gateway: Gateway,
    pub iam: Iam,
    pub functions: Arc<Functions>,
    pub pools: Arc<Pools>,
    pub clock: Arc<TestClock>,
    pub log: Arc<Lines>,
}

fn iam(store: &Store, clock: &Arc<TestClock>) -> Iam {
    let master = MasterKey::generate([7; 32]);
    let key = master.wrap_new([8; 32]).unwrap();
    Iam::open(iam::Parts {
        config: iam::Config::default(),
        store: store.clone(),
        sealer: Sealer::new(&master, [(key.id.as_str(), key.wrapped.as_str(), true)]).unwrap(),
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        rng: Arc::new(TestRng(AtomicU64::new(99))),
    })
}

impl House {
    /// Must be called in a runtime: the gateway listens to its store.
    pub fn open() -> Self {
        let clock = Arc::new(TestClock(AtomicI64::new(NOW * 1000)));
        let for_engine = Arc::clone(&clock);
        let engine = SqliteEngine::in_memory(Arc::new(move || for_engine.now())).unwrap();
        let functions = Arc::new(Functions::default());
        let pools = Arc::new(Pools::new(Arc::clone(&clock)));
        let log = Arc::new(Lines::default());
        let store = Store::new(Arc::new(engine));
        let iam = iam(&store, &clock);
        let gateway = Gateway::open(Parts {
            config: Config::default(),
            store,
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            rng: Arc::new(TestRng(AtomicU64::new(7))),
            invoke: Arc::clone(&functions) as Arc<dyn Invoke>,
            tokens: PoolTokens::new(Arc::clone(&pools) as Arc<dyn VerifyTokens>),
            access_log: Some(Arc::clone(&log) as Arc<dyn AccessLog>),
        });
        let gateway = gateway.with_iam(iam.clone());
        Self { gateway, iam, functions, pools, clock, log }
    }

    pub async fn api(&self) -> Api<'_> {
        self.api_with(RestApiDefinition { name: "api".into(), ..RestApiDefinition::default() }).await
    }

    pub async fn api_with(&self, definition: RestApiDefinition) -> Api<'_> {
        let row = self.gateway.create_rest_api(definition).await.unwrap();
        let places = Mutex::new(HashMap::from([(String::new(), row.root_resource_id.clone())]));
        Api { house: self, id: row.id, places }
    }
}

/// An API under construction.
pub struct Api<'h> {
    pub house: &'h House,
    pub id: String,
    places: Mutex<HashMap<String, String>>,
}

impl Api<'_> {
    /// The resource at `path`, made with its parents where it is not there.
    pub async fn resource(&self, path: &str) -> String {
        let mut at = String::new();
        let mut id = self.places.lock().unwrap()[""].clone();
        for part in path.split('/').filter(|part| !part.is_empty()) {
            at = format!("{at}/{part}");
            let known = self.places.lock().unwrap().get(&at).cloned();
            id = match known {
                Some(known) => known,
                None => {
                    let made = self.house.gateway.create_resource(&self.id, &id, part).await.unwrap();
                    self.places.lock().unwrap().insert(at.clone(), made.id.clone());
                    made.id
                }
            };
        }
        id
    }

    pub async fn put(&self, path: &str, definition: MethodDefinition) {
        let resource = self.resource(path).await;
        self.house.gateway.put_method(&self.id, &resource, definition).await.unwrap();
    }

    pub async fn pool_authorizer(&self, pools: &[&str]) -> String {
        let definition = AuthorizerDefinition {
            name: format!("pools-{}", pools.len()),
            kind: AuthorizerKind::CognitoUserPools,
            provider_arns: pools.iter().map(|pool| pool_arn(pool)).collect(),
            identity_source: Some("method.request.header.Authorization".into()),
            ..AuthorizerDefinition::default()
        };
        self.house.gateway.create_authorizer(&self.id, definition).await.unwrap().id
    }

    pub async fn authorizer(&self, definition: AuthorizerDefinition) -> String {
        self.house.gateway.create_authorizer(&self.id, definition).await.unwrap().id
    }

    /// Deploys to the stage `dev`.
    pub async fn deploy(&self) {
        self.deploy_as(StageDefinition { stage_name: "dev".into(), ..StageDefinition::default() }).await;
    }

    pub async fn deploy_as(&self, stage: StageDefinition) {
        self.house.gateway.create_deployment(&self.id, None, Some(stage)).await.unwrap();
    }

    pub async fn send(&self, request: http::Request<Bytes>) -> Response<Bytes> {
        let (head, body) = request.into_parts();
        let raw_path = head.uri.path().to_owned();
        self.send_raw(head, body, raw_path).await
    }

    pub async fn send_raw(
        &self,
        head: http::request::Parts,
        body: Bytes,
        raw_path: String,
    ) -> Response<Bytes> {
        let request = ApiRequest {
            api_id: self.id.clone(),
            stage: "dev".into(),
            raw_path,
            head,
            body,
            source_ip: "203.0.113.9".into(),
            host: format!("{}.execute-api.us-east-1.localhost:4747", self.id),
            secure: false,
        };
        self.house.gateway.handle(request).await
    }

    pub async fn get(&self, path: &str) -> Response<Bytes> {
        self.send(http::Request::get(path).body(Bytes::new()).unwrap()).await
    }

    pub async fn get_with(&self, path: &str, authorization: &str) -> Response<Bytes> {
        self.send(http::Request::get(path).header("authorization", authorization).body(Bytes::new()).unwrap())
            .await
    }
}

/// A method in front of the function `name`, open to all.
pub fn proxy(http_method: &str, name: &str) -> MethodDefinition {
    MethodDefinition {
        http_method: http_method.into(),
        integration: Some(IntegrationDefinition {
            kind: IntegrationKind::AwsProxy,
            integration_http_method: Some("POST".into()),
            uri: Some(function_uri(name)),
            ..IntegrationDefinition::default()
        }),
        ..MethodDefinition::default()
    }
}

/// The same, behind a user pools authorizer.
pub fn guarded(http_method: &str, name: &str, authorizer: &str) -> MethodDefinition {
    MethodDefinition {
        authorization_type: Some("COGNITO_USER_POOLS".into()),
        authorizer_id: Some(authorizer.to_owned()),
        ..proxy(http_method, name)
    }
}

/// The same, behind a lambda authorizer.
pub fn custom(http_method: &str, name: &str, authorizer: &str) -> MethodDefinition {
    MethodDefinition {
        authorization_type: Some("CUSTOM".into()),
        authorizer_id: Some(authorizer.to_owned()),
        ..proxy(http_method, name)
    }
}

pub fn text(response: &Response<Bytes>) -> &str {
    std::str::from_utf8(response.body()).unwrap()
}

pub fn body_json(response: &Response<Bytes>) -> Value {
    serde_json::from_slice(response.body()).unwrap()
}

pub fn header<'r>(response: &'r Response<Bytes>, name: &str) -> &'r str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

//! A room with a store, a clock that is held, and signed requests.
#![allow(dead_code, clippy::unwrap_used, clippy::panic, reason = "for tests, of which none needs all")]

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

use base::{AwsError, Secret, Timestamp};
use crypto::{
    digest::{sha256_hex, sha256_of},
    seal::{MasterKey, Sealer},
    sigv4::{self, Signer},
};
use http::request::Parts;
use iam::{Context, Iam, Principal, RootKey};
use ports::{Clock, Rng};
use serde_json::{Value, json};
use store::Store;

pub const ACCOUNT: &str = "000000000000";
/// Tue, 17 Sep 2024 08:30:05 GMT
pub const START: i64 = 1_726_561_805;

pub struct HeldClock(AtomicI64);

impl Clock for HeldClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// Not random at all, and never the same twice.
pub struct SeededRng(AtomicU64);

impl Rng for SeededRng {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(32) {
            let block = sha256_of(&[&self.0.fetch_add(1, Ordering::SeqCst).to_be_bytes()]);
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
    }
}

pub struct House {
    pub iam: Iam,
    pub clock: Arc<HeldClock>,
    pub root: Keys,
    pub store: Store,
    sealer: Sealer,
}

/// What a client holds.
#[derive(Clone, Debug)]
pub struct Keys {
    pub id: String,
    pub secret: String,
    pub token: Option<String>,
}

impl Keys {
    pub fn of(credentials: &Value) -> Self {
        let text = |name: &str| credentials[name].as_str().unwrap().to_owned();
        Self { id: text("AccessKeyId"), secret: text("SecretAccessKey"), token: Some(text("SessionToken")) }
    }
}

impl House {
    pub async fn new() -> Self {
        let clock = Arc::new(HeldClock(AtomicI64::new(START * 1000)));
        let now = Arc::clone(&clock);
        let engine = store_sqlite::SqliteEngine::in_memory(Arc::new(move || now.now())).unwrap();
        let store = Store::new(Arc::new(engine));
        let master = MasterKey::generate([7; 32]);
        let key = master.wrap_new([8; 32]).unwrap();
        let sealer = Sealer::new(&master, [(key.id.as_str(), key.wrapped.as_str(), true)]).unwrap();
        let iam = room(&store, &sealer, &clock, 1);
        let root = iam.ensure_root_key(None).await.unwrap();
        let root =
            Keys { id: root.access_key_id, secret: root.secret_access_key.expose().clone(), token: None };
        Self { iam, clock, root, store, sealer }
    }

    /// Another node on the same store.
    pub fn second_node(&self) -> Iam {
        room(&self.store, &self.sealer, &self.clock, 1_000_000)
    }

    pub fn pass(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    /// A JSON 1.1 call, signed.
    pub fn signed(&self, keys: &Keys, service: &str, body: &str) -> Parts {
        self.signed_in(keys, service, "us-east-1", body)
    }

    pub fn signed_in(&self, keys: &Keys, service: &str, region: &str, body: &str) -> Parts {
        let request = http::Request::post("/")
            .header("host", "localhost:4747")
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", "AWSCognitoIdentityProviderService.ListUserPools");
        sign(request.body(()).unwrap().into_parts().0, keys, service, region, body, self.clock.now())
    }

    pub async fn who(&self, keys: &Keys) -> Result<Principal, AwsError> {
        let parts = self.signed(keys, "sts", "{}");
        self.iam.authenticate(&parts, "sts", b"{}").await
    }

    /// As the front door does: signature, policy, room.
    pub async fn ask(
        &self,
        keys: &Keys,
        service: &str,
        operation: &str,
        input: Value,
    ) -> Result<Value, AwsError> {
        self.ask_with(keys, service, operation, input, &Context::default()).await
    }

    pub async fn ask_with(
        &self,
        keys: &Keys,
        service: &str,
        operation: &str,
        input: Value,
        context: &Context,
    ) -> Result<Value, AwsError> {
        let parts = self.signed(keys, service, &input.to_string());
        let principal = self.iam.authenticate(&parts, service, input.to_string().as_bytes()).await?;
        self.iam.authorize_call(&principal, service, operation, &input, context).await?;
        let caller = principal.to_caller("127.0.0.1", "request");
        match service {
            "sts" => self.iam.call(operation, &caller, input).await,
            "iam" => self.iam.call_iam(operation, &caller, input).await,
            _ => Ok(Value::Null),
        }
    }

    pub async fn as_root(&self, operation: &str, input: Value) -> Result<Value, AwsError> {
        self.ask(&self.root, "iam", operation, input).await
    }

    /// A user with these statements as inline policy.
    pub async fn user(&self, name: &str, statements: Value) -> Keys {
        self.as_root("CreateUser", json!({"UserName": name})).await.unwrap();
        let document = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
        if statements.as_array().is_none_or(|all| !all.is_empty()) {
            let policy = json!({"UserName": name, "PolicyName": "inline", "PolicyDocument": document});
            self.as_root("PutUserPolicy", policy).await.unwrap();
        }
        let made = self.as_root("CreateAccessKey", json!({"UserName": name})).await.unwrap();
        let key = &made["AccessKey"];
        Keys {
            id: key["AccessKeyId"].as_str().unwrap().to_owned(),
            secret: key["SecretAccessKey"].as_str().unwrap().to_owned(),
            token: None,
        }
    }

    /// A role that `principal` may assume, with these statements as inline policy; its ARN.
    pub async fn role(&self, name: &str, principal: Value, statements: Value) -> String {
        let trust = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}]});
        let made = json!({"RoleName": name, "AssumeRolePolicyDocument": trust.to_string()});
        let role = self.as_root("CreateRole", made).await.unwrap();
        if statements.as_array().is_none_or(|all| !all.is_empty()) {
            let document = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
            let policy = json!({"RoleName": name, "PolicyName": "inline", "PolicyDocument": document});
            self.as_root("PutRolePolicy", policy).await.unwrap();
        }
        role["Role"]["Arn"].as_str().unwrap().to_owned()
    }

    pub async fn may(&self, keys: &Keys, action: &str, resource: &str) -> Result<(), AwsError> {
        let principal = self.who(keys).await?;
        self.iam.authorize(&principal, action, resource, &Context::default()).await
    }
}

fn room(store: &Store, sealer: &Sealer, clock: &Arc<HeldClock>, seed: u64) -> Iam {
    Iam::open(iam::Parts {
        config: iam::Config::default(),
        store: store.clone(),
        sealer: sealer.clone(),
        clock: Arc::<HeldClock>::clone(clock),
        rng: Arc::new(SeededRng(AtomicU64::new(seed))),
    })
}

pub fn sign(mut parts: Parts, keys: &Keys, service: &str, region: &str, body: &str, at: Timestamp) -> Parts {
    let headers: Vec<(String, Vec<u8>)> =
        parts.headers.iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect();
    let request = sigv4::Request {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or_default(),
        headers: headers.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect(),
    };
    let added = signer(keys, service, region).sign(&request, &sha256_hex(body.as_bytes()), at);
    for (name, value) in added {
        parts.headers.append(http::HeaderName::try_from(name).unwrap(), value.parse().unwrap());
    }
    parts
}

pub fn signer<'a>(keys: &'a Keys, service: &'a str, region: &'a str) -> Signer<'a> {
    Signer {
        access_key_id: &keys.id,
        secret_access_key: &keys.secret,
        session_token: keys.token.as_deref(),
        region,
        service,
    }
}

pub fn root_key(id: &str, secret: &str) -> RootKey {
    RootKey { access_key_id: id.to_owned(), secret_access_key: Secret::new(secret.to_owned()) }
}

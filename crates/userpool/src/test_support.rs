//! A room of pools in a test: a clock that moves when told, numbers that come out the same each time, and everything that
//! was sent or called kept to look at.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use base::{AccountId, AwsError, Caller, Identity, Region, Timestamp};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use crypto::{
    digest::{hmac_sha256, sha256_of},
    seal::{MasterKey, Sealer},
    srp::ClientSession,
    workers::Workers,
};
use facts::cognito_idp::{
    PasswordPolicyType, SoftwareTokenMfaConfigType, UserPoolClientType, UserPoolPolicyType, UserPoolType,
};
use ports::{
    Clock, Invoke, Mail, Rng, TextMessage,
    invoke::{Invocation, InvokeError, Invoked},
    mail::{DeliveryError, MailMessage},
    text_message::SmsMessage,
};
use serde_json::{Map, Value, json};
use store::{Batch, Store};

use crate::{
    Config, IssuerStyle, Parts, UserPools, attributes,
    rows::{
        CLIENT_IDS, ClientIdRow, ClientSecretRow, PoolMfa, UserPoolClientRow, UserPoolRow, UserRow, sealed,
    },
};

pub const PASSWORD: &str = "Correct-horse1";

pub struct World {
    pub pools: UserPools,
    pub clock: Arc<HeldClock>,
    pub sent: Arc<Sent>,
    pub functions: Arc<Functions>,
    pub store: Store,
    sealer: Sealer,
    numbers: AtomicU64,
}

pub struct HeldClock(AtomicI64);

impl Clock for HeldClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

impl HeldClock {
    pub fn pass_seconds(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1000, Ordering::SeqCst);
    }
}

struct Seeded(AtomicU64);

impl Rng for Seeded {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(32) {
            let number = self.0.fetch_add(1, Ordering::SeqCst).to_be_bytes();
            chunk.copy_from_slice(&sha256_of(&[b"a test's numbers", &number])[..chunk.len()]);
        }
    }
}

/// What left the house, in order; `down` makes every delivery fail for now.
#[derive(Default)]
pub struct Sent {
    pub mails: Mutex<Vec<MailMessage>>,
    pub texts: Mutex<Vec<SmsMessage>>,
    pub down: Mutex<bool>,
}

impl Sent {
    fn is_down(&self) -> Result<(), DeliveryError> {
        if *self.down.lock().unwrap() { Err(DeliveryError::Later(String::from("down"))) } else { Ok(()) }
    }
}

#[async_trait]
impl Mail for Sent {
    async fn deliver(&self, message: &MailMessage) -> Result<(), DeliveryError> {
        self.is_down()?;
        self.mails.lock().unwrap().push(message.clone());
        Ok(())
    }
}

#[async_trait]
impl TextMessage for Sent {
    async fn deliver(&self, message: &SmsMessage) -> Result<(), DeliveryError> {
        self.is_down()?;
        self.texts.lock().unwrap().push(message.clone());
        Ok(())
    }
}

type Handler = Box<dyn Fn(Value) -> Result<Value, String> + Send + Sync>;

/// Functions by ARN, each a closure of the event, and what they were called with.
#[derive(Default)]
pub struct Functions {
    handlers: Mutex<HashMap<String, Handler>>,
    pub events: Mutex<Vec<Value>>,
}

impl Functions {
    /// Answers the ARN.
    pub fn add(
        &self,
        name: &str,
        handler: impl Fn(Value) -> Result<Value, String> + Send + Sync + 'static,
    ) -> String {
        let arn = format!("arn:aws:lambda:us-east-1:000000000000:function:{name}");
        self.handlers.lock().unwrap().insert(arn.clone(), Box::new(handler));
        arn
    }

    pub fn sources(&self) -> Vec<String> {
        let events = self.events.lock().unwrap();
        events.iter().map(|event| event["triggerSource"].as_str().unwrap().to_owned()).collect()
    }
}

#[async_trait]
impl Invoke for Functions {
    async fn invoke(&self, invocation: Invocation) -> Result<Invoked, InvokeError> {
        let event: Value = serde_json::from_slice(&invocation.payload).unwrap();
        self.events.lock().unwrap().push(event.clone());
        let handlers = self.handlers.lock().unwrap();
        let handler = handlers.get(&invocation.function).ok_or(InvokeError::NotFound(invocation.function))?;
        let (payload, function_error) = match handler(event) {
            Ok(answer) => (answer, None),
            Err(message) => (json!({ "errorMessage": message }), Some(String::from("Unhandled"))),
        };
        Ok(Invoked {
            payload: Bytes::from(payload.to_string()),
            function_error,
            executed_version: String::from("$LATEST"),
            log_tail: None,
        })
    }
}

impl World {
    /// On the real embedded engine, in a folder that goes with it.
    pub async fn new() -> Self {
        Self::with_workers(2, 256).await
    }

    /// With this many threads for heavy work, and so much room for what waits.
    pub async fn with_workers(threads: usize, queue: usize) -> Self {
        let clock = Arc::new(HeldClock(AtomicI64::new(1_750_000_000_000)));
        let held = Arc::clone(&clock);
        let engine = store_sqlite::SqliteEngine::in_memory(Arc::new(move || held.now())).unwrap();
        let store = Store::new(Arc::new(engine));
        let master = MasterKey::from_base64(&STANDARD.encode([7; 32])).unwrap();
        let key = master.wrap_new([9; 32]).unwrap();
        let sealer = Sealer::new(&master, [(key.id.as_str(), key.wrapped.as_str(), true)]).unwrap();
        let sent = Arc::new(Sent::default());
        let functions = Arc::new(Functions::default());
        let parts = Parts {
            config: Config {
                region: Region::default(),
                account: AccountId::default(),
                base_url: String::from("http://localhost:4747"),
                issuer: IssuerStyle::BaseUrl,
            },
            store: store.clone(),
            sealer: sealer.clone(),
            workers: Workers::new(threads, queue).unwrap(),
            clock: Arc::<HeldClock>::clone(&clock),
            rng: Arc::new(Seeded(AtomicU64::new(0))),
            invoke: Arc::<Functions>::clone(&functions),
            mail: Arc::<Sent>::clone(&sent),
            text_message: Arc::<Sent>::clone(&sent),
        };
        let pools = UserPools::open(parts);
        Self { pools, clock, sent, functions, store, sealer, numbers: AtomicU64::new(1) }
    }

    /// A pool with the API's defaults and e-mail addresses verified by itself, changed by `change`.
    pub async fn pool(&self, change: impl FnOnce(&mut UserPoolType)) -> String {
        let number = self.numbers.fetch_add(1, Ordering::SeqCst);
        let id = format!("us-east-1_Test{number:05}");
        let mut pool = UserPoolType {
            id: Some(id.clone()),
            name: Some(String::from("test")),
            arn: Some(format!("arn:aws:cognito-idp:us-east-1:000000000000:userpool/{id}")),
            auto_verified_attributes: Some(vec![String::from("email")]),
            schema_attributes: Some(attributes::standard::schema(&[]).unwrap()),
            mfa_configuration: Some(String::from("OFF")),
            policies: Some(UserPoolPolicyType {
                password_policy: Some(PasswordPolicyType {
                    minimum_length: Some(8),
                    require_uppercase: Some(true),
                    require_lowercase: Some(true),
                    require_numbers: Some(true),
                    require_symbols: Some(true),
                    temporary_password_validity_days: Some(7),
                    ..PasswordPolicyType::default()
                }),
                ..UserPoolPolicyType::default()
            }),
            ..UserPoolType::default()
        };
        change(&mut pool);
        let secret = self.sealer.seal(&sealed::pool_secret(&id), &[number as u8; 32]).unwrap();
        let mfa = PoolMfa {
            software_token: Some(SoftwareTokenMfaConfigType { enabled: Some(true) }),
            ..PoolMfa::default()
        };
        self.store
            .commit(Batch::new().insert(&UserPoolRow { id: id.clone(), pool, secret, mfa }))
            .await
            .unwrap();
        id
    }

    /// A public client that may do everything and hides who exists, changed by `change`.
    pub async fn client(&self, pool_id: &str, change: impl FnOnce(&mut UserPoolClientType)) -> String {
        self.client_row(pool_id, change, None).await
    }

    /// A client with this secret.
    pub async fn secret_client(&self, pool_id: &str, secret: &str) -> String {
        self.client_row(pool_id, |_| {}, Some(secret)).await
    }

    async fn client_row(
        &self,
        pool_id: &str,
        change: impl FnOnce(&mut UserPoolClientType),
        secret: Option<&str>,
    ) -> String {
        let number = self.numbers.fetch_add(1, Ordering::SeqCst);
        let client_id = format!("client{number:020}");
        let flows = [
            "ALLOW_USER_SRP_AUTH",
            "ALLOW_USER_PASSWORD_AUTH",
            "ALLOW_ADMIN_USER_PASSWORD_AUTH",
            "ALLOW_CUSTOM_AUTH",
            "ALLOW_REFRESH_TOKEN_AUTH",
        ];
        let mut client = UserPoolClientType {
            client_id: Some(client_id.clone()),
            user_pool_id: Some(pool_id.to_owned()),
            explicit_auth_flows: Some(flows.map(String::from).to_vec()),
            prevent_user_existence_errors: Some(String::from("ENABLED")),
            enable_token_revocation: Some(true),
            ..UserPoolClientType::default()
        };
        change(&mut client);
        let secrets = secret.map(|secret| ClientSecretRow {
            id: String::from("1"),
            sealed: self.sealer.seal(&sealed::client_secret(&client_id, "1"), secret.as_bytes()).unwrap(),
            created_at: self.clock.now(),
        });
        let row = UserPoolClientRow {
            user_pool_id: pool_id.to_owned(),
            client_id: client_id.clone(),
            client,
            secrets: secrets.into_iter().collect(),
        };
        let id = ClientIdRow { client_id: client_id.clone(), user_pool_id: pool_id.to_owned() };
        assert_eq!(CLIENT_IDS, store::Collection::partition(&id));
        self.store.commit(Batch::new().insert(&row).insert(&id)).await.unwrap();
        client_id
    }

    /// A pool where people sign in by username, a client, and their ids.
    pub async fn plain(&self) -> (String, String) {
        let pool = self.pool(|_| {}).await;
        let client = self.client(&pool, |_| {}).await;
        (pool, client)
    }

    pub async fn call(&self, operation: &str, input: Value) -> Result<Value, AwsError> {
        let caller = Caller {
            identity: Identity::Anonymous,
            source_ip: String::from("192.0.2.1"),
            request_id: String::from("r"),
        };
        self.pools.call(operation, &caller, input).await
    }

    pub async fn ok(&self, operation: &str, input: Value) -> Value {
        match self.call(operation, input).await {
            Ok(answer) => answer,
            Err(error) => panic!("{operation}: {error}"),
        }
    }

    /// `Code: message`
    pub async fn refused(&self, operation: &str, input: Value) -> String {
        match self.call(operation, input).await {
            Ok(answer) => panic!("{operation} was answered: {answer}"),
            Err(error) => error.to_string(),
        }
    }

    /// Sends what waits and answers the code of the last message to `to`.
    pub async fn code(&self, to: &str) -> String {
        self.send().await;
        let mails = self.sent.mails.lock().unwrap();
        let texts = self.sent.texts.lock().unwrap();
        let mail = mails.iter().rev().find(|mail| mail.to == to).and_then(|mail| mail.code.clone());
        let text = texts.iter().rev().find(|text| text.to == to).and_then(|text| text.code.clone());
        mail.or(text).unwrap_or_else(|| panic!("nothing was sent to {to}"))
    }

    /// Until nothing is due. The room's own sender may have taken a message first: give it time to finish.
    pub async fn send(&self) {
        let outbox = &self.pools.service().outbox;
        for _ in 0..200 {
            outbox.send_due().await.unwrap();
            if outbox.next_due().await.unwrap().is_none() {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }

    /// Until whatever is due was tried, here or by the room's own sender.
    pub async fn send_once_due(&self) {
        let outbox = &self.pools.service().outbox;
        let begun = self.clock.now();
        for _ in 0..200 {
            outbox.send_due().await.unwrap();
            if outbox.next_due().await.unwrap().is_none_or(|due| due > begun) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }

    /// Signs up with [`PASSWORD`] and an e-mail address, and confirms.
    pub async fn join(&self, client: &str, username: &str) -> String {
        let email = format!("{username}@example.com");
        let name = if username.contains('@') { username.to_owned() } else { email };
        let input = json!({
            "ClientId": client, "Username": username, "Password": PASSWORD,
            "UserAttributes": [{ "Name": "email", "Value": name }],
        });
        let answer = self.ok("SignUp", input).await;
        let code = self.code(&name).await;
        let input = json!({ "ClientId": client, "Username": username, "ConfirmationCode": code });
        self.ok("ConfirmSignUp", input).await;
        answer["UserSub"].as_str().unwrap().to_owned()
    }

    /// As [`World::join`], in a pool that wants a name too.
    pub async fn join_named(&self, client: &str, username: &str) {
        let email = format!("{username}@example.com");
        let input = json!({
            "ClientId": client, "Username": username, "Password": PASSWORD,
            "UserAttributes": [{ "Name": "email", "Value": email }, { "Name": "name", "Value": username }],
        });
        self.ok("SignUp", input).await;
        let code = self.code(&email).await;
        let input = json!({ "ClientId": client, "Username": username, "ConfirmationCode": code });
        self.ok("ConfirmSignUp", input).await;
    }

    pub async fn password_auth(
        &self,
        client: &str,
        username: &str,
        password: &str,
    ) -> Result<Value, AwsError> {
        let input = json!({
            "AuthFlow": "USER_PASSWORD_AUTH", "ClientId": client,
            "AuthParameters": { "USERNAME": username, "PASSWORD": password },
        });
        self.call("InitiateAuth", input).await
    }

    /// `AuthenticationResult` of a sign-in with [`PASSWORD`].
    pub async fn tokens(&self, client: &str, username: &str) -> Value {
        self.password_auth(client, username, PASSWORD).await.unwrap()["AuthenticationResult"].clone()
    }

    /// `InitiateAuth` with SRP, and what the client would answer.
    pub async fn srp_begin(&self, client: &str, username: &str, password: &str) -> Result<Value, AwsError> {
        self.srp_begin_with(client, username, password, "USER_SRP_AUTH").await
    }

    pub async fn srp_begin_with(
        &self,
        client: &str,
        username: &str,
        password: &str,
        flow: &str,
    ) -> Result<Value, AwsError> {
        let session = ClientSession::new(sha256_of(&[b"a", username.as_bytes()]));
        let input = json!({
            "AuthFlow": flow, "ClientId": client,
            "AuthParameters": { "USERNAME": username, "SRP_A": session.public_a_hex(), "CHALLENGE_NAME": "SRP_A" },
        });
        let posed = self.call("InitiateAuth", input).await?;
        assert_eq!(posed["ChallengeName"], "PASSWORD_VERIFIER");
        let parameter = |name: &str| posed["ChallengeParameters"][name].as_str().unwrap().to_owned();
        let pool_id = self.pools.find_client(client).await?.unwrap().user_pool_id.clone();
        let pool_name = pool_id.split_once('_').unwrap().1;
        let timestamp = "Tue Sep 25 00:09:40 UTC 2018";
        let block = parameter("SECRET_BLOCK");
        let (salt, b, user_id) = (parameter("SALT"), parameter("SRP_B"), parameter("USER_ID_FOR_SRP"));
        let signature =
            session.signature(pool_name, &user_id, password, &salt, &b, &block, timestamp).unwrap();
        Ok(json!({
            "ChallengeName": "PASSWORD_VERIFIER", "ClientId": client,
            "ChallengeResponses": {
                "USERNAME": user_id, "TIMESTAMP": timestamp,
                "PASSWORD_CLAIM_SECRET_BLOCK": block, "PASSWORD_CLAIM_SIGNATURE": signature,
            },
        }))
    }

    pub async fn srp(&self, client: &str, username: &str, password: &str) -> Result<Value, AwsError> {
        let answer = self.srp_begin(client, username, password).await?;
        self.call("RespondToAuthChallenge", answer).await
    }

    pub async fn user(&self, pool: &str, username: &str) -> store::Versioned<UserRow> {
        let pool = self.pools.find_pool(pool).await.unwrap().unwrap();
        crate::users::find(&self.store, &pool, username).await.unwrap().unwrap()
    }

    /// Writes the user as `change` leaves them.
    pub async fn change_user(&self, pool: &str, username: &str, change: impl FnOnce(&mut UserRow)) {
        let read = self.user(pool, username).await;
        let mut after = read.value.clone();
        change(&mut after);
        self.store.commit(Batch::new().replace(&read, &after)).await.unwrap();
    }

    pub fn heavy_runs(&self) -> u64 {
        self.pools.service().heavy_runs.load(Ordering::SeqCst)
    }
}

/// A token's claims, unchecked.
pub fn claims(token: &Value) -> Map<String, Value> {
    crypto::jwt::Token::parse(token.as_str().unwrap()).unwrap().unverified_claims().clone()
}

pub fn attributes_of(answer: &Value) -> BTreeMap<String, String> {
    let list = answer["UserAttributes"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    list.iter().map(|attribute| (text(&attribute["Name"]), text(&attribute["Value"]))).collect()
}

pub fn secret_hash(secret: &str, username: &str, client_id: &str) -> String {
    STANDARD.encode(hmac_sha256(secret.as_bytes(), &[username.as_bytes(), client_id.as_bytes()]))
}

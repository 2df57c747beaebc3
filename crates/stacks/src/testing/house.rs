//! A server that can be opened, killed at a step and opened again, on one store and in one world.

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering},
};

use async_trait::async_trait;
use base::{AwsError, Caller, Identity, Timestamp};
use bytes::Bytes;
use ports::{Clock, Rng};
use serde_json::{Value, json};
use store::Store;
use store_sqlite::SqliteEngine;

use super::world::{World, registry};
use crate::{
    Stacks,
    engine::{Authority, Config, Engine, Fault},
    rows::Principal,
    templates::Templates,
    vault::Unsealed,
};

pub struct House {
    pub world: Arc<World>,
    pub store: Store,
    clock: Arc<Stopped>,
    rng: Arc<Counting>,
}

/// A clock that stands still until told.
struct Stopped(AtomicI64);

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Relaxed))
    }
}

struct Counting(AtomicU64);

impl Rng for Counting {
    fn fill(&self, buffer: &mut [u8]) {
        for byte in buffer {
            let state = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            *byte = (mixed ^ (mixed >> 27)) as u8;
        }
    }
}

/// Strikes from its nth step on: the process is gone.
pub struct Death {
    at: usize,
    steps: AtomicUsize,
}

impl Death {
    pub fn at(step: usize) -> Arc<Self> {
        Arc::new(Self { at: step, steps: AtomicUsize::new(0) })
    }

    pub fn struck(&self) -> bool {
        self.steps.load(Ordering::Relaxed) > self.at
    }
}

impl Fault for Death {
    fn strikes(&self, _step: &str) -> bool {
        self.steps.fetch_add(1, Ordering::Relaxed) >= self.at
    }
}

struct Anyone;

#[async_trait]
impl Authority for Anyone {
    async fn allows(&self, principal: &Principal, _action: &str, _resource: &str) -> Result<(), String> {
        if principal.arn.ends_with("user/nobody") { Err(String::from("not authorized")) } else { Ok(()) }
    }

    async fn role(&self, role_arn: &str) -> Result<Principal, String> {
        Ok(Principal { arn: role_arn.to_owned(), ..Principal::default() })
    }
}

struct OneBucket;

#[async_trait]
impl Templates for OneBucket {
    async fn read(&self, bucket: &str, key: &str) -> Result<Option<Bytes>, String> {
        Ok((bucket == "bucket" && key == "t.yml")
            .then(|| Bytes::from("Resources: {A: {Type: 'Test::Thing'}}")))
    }
}

impl House {
    pub fn new() -> Self {
        let clock = Arc::new(Stopped(AtomicI64::new(1_700_000_000_000)));
        let now = Arc::clone(&clock);
        let engine = SqliteEngine::in_memory(Arc::new(move || now.now())).unwrap();
        Self {
            world: Arc::new(World::default()),
            store: Store::new(Arc::new(engine)),
            clock,
            rng: Arc::new(Counting(AtomicU64::new(1))),
        }
    }

    pub fn pass(&self, millis: i64) {
        self.clock.0.fetch_add(millis, Ordering::Relaxed);
    }

    pub async fn open(&self) -> Stacks {
        self.open_until(None).await
    }

    pub async fn open_until(&self, death: Option<Arc<Death>>) -> Stacks {
        let engine = Engine {
            config: Config { retry_pause: std::time::Duration::from_millis(1), ..Config::default() },
            store: self.store.clone(),
            clock: self.clock.clone(),
            rng: self.rng.clone(),
            registry: registry(&self.world),
            seal: Arc::new(Unsealed),
            authority: Arc::new(Anyone),
            fault: death.map(|death| death as Arc<dyn Fault>),
        };
        Stacks::with(engine, Arc::new(OneBucket)).await.unwrap()
    }
}

pub fn caller() -> Caller {
    Caller {
        identity: Identity::Principal {
            account: "000000000000".into(),
            arn: "arn:aws:iam::000000000000:root".into(),
            user_id: "000000000000".into(),
        },
        source_ip: "127.0.0.1".into(),
        request_id: "r".into(),
    }
}

impl Stacks {
    pub async fn ask(&self, operation: &str, input: Value) -> Result<Value, AwsError> {
        self.call(operation, &caller(), input).await
    }

    /// Does it and waits until the stack rests.
    pub async fn perform(&self, operation: &str, input: Value) -> Value {
        let answer = self.ask(operation, input).await.unwrap();
        self.idle().await;
        answer
    }

    pub async fn status(&self, name: &str) -> String {
        match self.ask("DescribeStacks", json!({"StackName": name})).await {
            Ok(answer) => answer["Stacks"][0]["StackStatus"].as_str().unwrap().to_owned(),
            Err(error) => error.message,
        }
    }

    /// Oldest first.
    pub async fn events(&self, name: &str) -> Vec<Value> {
        let mut events = Vec::new();
        let mut token = Value::Null;
        loop {
            let mut input = json!({"StackName": name});
            if token.is_string() {
                input["NextToken"] = token;
            }
            let answer = self.ask("DescribeStackEvents", input).await.unwrap();
            events.extend(answer["StackEvents"].as_array().unwrap().clone());
            token = answer["NextToken"].clone();
            if token.is_null() {
                break;
            }
        }
        events.reverse();
        let times: Vec<f64> = events.iter().map(|event| event["Timestamp"].as_f64().unwrap()).collect();
        assert!(times.windows(2).all(|pair| pair[0] < pair[1]), "event times do not increase: {times:?}");
        events
    }
}

/// `A CREATE_COMPLETE reason`, a line an event.
pub fn summary(events: &[Value]) -> String {
    let mut lines = Vec::new();
    for event in events {
        let text = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
        lines.push(
            format!(
                "{} {} {}",
                text("LogicalResourceId"),
                text("ResourceStatus"),
                text("ResourceStatusReason")
            )
            .trim_end()
            .to_owned(),
        );
    }
    lines.join("\n")
}

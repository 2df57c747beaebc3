//! The room's door.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use base::{AwsError, Boxed, Caller};
use crypto::seal::Sealer;
use functions::Functions;
use gateway::Gateway;
use iam::Iam;
use objects::Objects;
use ports::{Clock, Rng};
use serde_json::Value;
use store::Store;
use tokio::task::JoinHandle;
use userpool::UserPools;

use crate::{
    driver,
    engine::{Authority, Config, Engine, Halt},
    operations::{self, words},
    resources::{self, Registry},
    rows::{Phase, Principal, StackRow},
    take_up,
    templates::{self, Templates},
};

/// What the room is made of: the store and the rooms whose resources it provisions.
pub struct Parts {
    pub config: Config,
    pub store: Store,
    /// For `NoEcho` parameters and secret attributes, which lie in its rows.
    pub sealer: Sealer,
    pub clock: Arc<dyn Clock>,
    pub rng: Arc<dyn Rng>,
    pub userpools: UserPools,
    pub gateway: Gateway,
    pub functions: Functions,
    pub iam: Iam,
    pub objects: Objects,
}

/// CloudFormation. Cheap to clone.
#[derive(Clone)]
pub struct Stacks {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    engine: Arc<Engine>,
    templates: Arc<dyn Templates>,
    drivers: Mutex<Vec<JoinHandle<()>>>,
}

impl Stacks {
    /// Takes up every stack that was left in the middle of something. Needs a tokio runtime.
    pub async fn open(parts: Parts) -> Result<Self, Halt> {
        let mut registry = Registry::default();
        resources::register(&mut registry, &parts);
        let Parts { config, store, sealer, clock, rng, iam, objects, .. } = parts;
        let engine = Engine {
            config,
            store,
            clock,
            rng,
            registry,
            seal: Arc::new(sealer),
            authority: Arc::new(iam),
            fault: None,
        };
        Self::with(engine, Arc::new(objects)).await
    }

    /// [`Stacks::open`] on an engine of the caller's making.
    pub async fn with(engine: Engine, templates: Arc<dyn Templates>) -> Result<Self, Halt> {
        let inner = Inner { engine: Arc::new(engine), templates, drivers: Mutex::default() };
        let stacks = Self { inner: Arc::new(inner) };
        for stack in stacks.engine().store.scan::<StackRow>().await? {
            if stack.value.home == stacks.engine().home() && stack.value.status.phase() != Phase::Rest {
                tracing::info!(
                    stack = stack.value.name,
                    status = stack.value.status.name(),
                    "a stack is taken up again"
                );
                stacks.drive(&stack.value.id);
            }
        }
        tokio::spawn(take_up::watch(stacks.downgrade()));
        Ok(stacks)
    }

    pub(crate) fn of(inner: &Weak<Inner>) -> Option<Self> {
        inner.upgrade().map(|inner| Self { inner })
    }

    pub(crate) fn downgrade(&self) -> Weak<Inner> {
        Arc::downgrade(&self.inner)
    }

    /// A CloudFormation operation, by its name: JSON in, JSON out, members as the API model names them.
    pub fn call<'a>(
        &'a self,
        operation: &'a str,
        caller: &'a Caller,
        input: Value,
    ) -> Boxed<'a, Result<Value, AwsError>> {
        Box::pin(operations::call(self, operation, caller, input))
    }

    /// Waits until nothing is under way: a server that is asked to stop may wait here, but need not.
    pub async fn idle(&self) {
        loop {
            let handle = self.inner.drivers.lock().unwrap_or_else(PoisonError::into_inner).pop();
            match handle {
                Some(handle) => drop(handle.await),
                None => return,
            }
        }
    }

    pub(crate) fn engine(&self) -> &Arc<Engine> {
        &self.inner.engine
    }

    pub(crate) fn authority(&self) -> &dyn Authority {
        self.inner.engine.authority.as_ref()
    }

    pub(crate) fn drive(&self, stack: &str) {
        let task = tokio::spawn(driver::drive(Arc::clone(&self.inner.engine), stack.to_owned()));
        let mut drivers = self.inner.drivers.lock().unwrap_or_else(PoisonError::into_inner);
        drivers.retain(|handle| !handle.is_finished());
        drivers.push(task);
    }

    pub(crate) async fn template_at(&self, principal: &Principal, url: &str) -> Result<String, AwsError> {
        let Some((bucket, key)) = templates::location(url) else {
            return Err(words::invalid("TemplateURL must be a supported URL."));
        };
        let object = format!("arn:aws:s3:::{bucket}/{key}");
        self.authority()
            .allows(principal, "s3:GetObject", &object)
            .await
            .map_err(|_| words::invalid("S3 error: Access Denied"))?;
        match self.inner.templates.read(&bucket, &key).await {
            Ok(Some(bytes)) => match String::from_utf8(bytes.to_vec()) {
                Ok(text) => Ok(text),
                Err(_) => Err(words::invalid("Template format error: the object is not UTF-8 text")),
            },
            Ok(None) => Err(words::invalid(format!("S3 error: The specified key does not exist.: {key}"))),
            Err(cause) => {
                tracing::warn!(%cause, bucket, key, "a template could not be read");
                Err(AwsError::with_status(
                    503,
                    "ServiceUnavailable",
                    "Service is unavailable. Please try again later.",
                ))
            }
        }
    }
}

//! Which workers an invocation goes to: functions, versions, aliases and policies as they were last committed, held in
//! memory and forgotten when any of them changes.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use base::{AccountId, Region};
use ports::{Rng, RngExt, invoke::InvokeError};
use store::{Store, StoreError};

use crate::{
    invoke::policy::may_invoke,
    parts::Seal,
    reference::{self, LATEST, Reference},
    rows::{
        AliasRow, Code, FunctionRow, LATEST_KEY, PolicyRow, Settings, Statement, VersionRow, version_key,
    },
    workers::{Fleet, Plan, Pool},
};

/// How many ways of naming functions are remembered; beyond it, all are forgotten and learned anew.
const REMEMBERED: usize = 10_000;
/// How often a function that changes while it is read is read again.
const READINGS: usize = 16;

/// What a caller named, resolved.
pub struct Target {
    pub function: String,
    pub qualifier: Option<String>,
    /// As the caller named it: what `invokedFunctionArn` says.
    pub arn: Arc<str>,
    pub concurrency: Arc<Concurrency>,
    statements: Vec<Statement>,
    main: Arc<Pool>,
    /// Another version's share of the traffic, by an alias.
    shared: Option<(f64, Arc<Pool>)>,
}

/// `ReservedConcurrentExecutions`: how many invocations of a function may run at once.
pub struct Concurrency {
    /// `u64::MAX` where nothing is reserved.
    limit: AtomicU64,
    running: AtomicUsize,
}

/// One invocation's place among them.
pub struct Running(Arc<Concurrency>);

pub struct Catalog {
    store: Store,
    fleet: Arc<Fleet>,
    seal: Arc<dyn Seal>,
    rng: Arc<dyn Rng>,
    region: Region,
    account: AccountId,
    targets: RwLock<HashMap<String, Arc<Target>>>,
    pools: Mutex<HashMap<(String, String), Arc<Pool>>>,
    concurrency: Mutex<HashMap<String, Arc<Concurrency>>>,
    /// Grows with every change, so that what was read before one is not remembered after it.
    changes: AtomicU64,
}

/// A function as the store has it.
struct Read {
    row: FunctionRow,
    policy: Vec<Statement>,
    main: Runs,
    shared: Option<(f64, Runs)>,
}

/// One version of it.
struct Runs {
    version: String,
    generation: String,
    settings: Settings,
    code: Code,
}

impl Catalog {
    pub fn new(
        store: Store,
        fleet: Arc<Fleet>,
        seal: Arc<dyn Seal>,
        rng: Arc<dyn Rng>,
        region: Region,
        account: AccountId,
    ) -> Self {
        Self {
            store,
            fleet,
            seal,
            rng,
            region,
            account,
            targets: RwLock::default(),
            pools: Mutex::default(),
            concurrency: Mutex::default(),
            changes: AtomicU64::new(0),
        }
    }

    /// `function` is a name or an ARN, with or without a version or alias.
    pub async fn target(&self, function: &str) -> Result<Arc<Target>, InvokeError> {
        if let Some(target) = self.remembered(function) {
            return Ok(target);
        }
        let not_found = || InvokeError::NotFound(self.as_arn(function));
        let named = reference::parse(function, &self.region, &self.account).ok_or_else(not_found)?;
        for _ in 0..READINGS {
            let before = self.changes.load(Ordering::Acquire);
            let read = self.read(&named).await.map_err(|cause| InvokeError::Failed(cause.to_string()))?;
            let read = read.ok_or_else(not_found)?;
            let mut targets = self.targets.write().unwrap_or_else(PoisonError::into_inner);
            if self.changes.load(Ordering::Acquire) != before {
                continue;
            }
            let target = Arc::new(self.target_of(&named, read).map_err(InvokeError::Failed)?);
            if targets.len() >= REMEMBERED {
                targets.clear();
            }
            targets.insert(function.to_owned(), Arc::clone(&target));
            return Ok(target);
        }
        Err(InvokeError::Failed(format!("{function} changes faster than it can be read")))
    }

    fn remembered(&self, function: &str) -> Option<Arc<Target>> {
        self.targets.read().unwrap_or_else(PoisonError::into_inner).get(function).cloned()
    }

    fn as_arn(&self, function: &str) -> String {
        match reference::parse(function, &self.region, &self.account) {
            Some(named) => {
                reference::arn(&self.region, &self.account, &named.name, named.qualifier.as_deref())
            }
            None => function.to_owned(),
        }
    }

    /// Something about `function` was committed: the next invocation reads it again.
    pub fn forget(&self, function: &str) {
        self.changes.fetch_add(1, Ordering::AcqRel);
        let mut targets = self.targets.write().unwrap_or_else(PoisonError::into_inner);
        targets.retain(|_, target| target.function != function);
    }

    pub fn forget_all(&self) {
        self.changes.fetch_add(1, Ordering::AcqRel);
        self.targets.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Ends the workers of versions that are gone, and has a worker ready for code that replaced what was in use, so
    /// that the first caller after a deploy does not wait for it.
    pub async fn follow_up(&self, function: &str) -> Result<(), StoreError> {
        self.forget(function);
        let versions: Vec<String> = {
            let pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
            pools.keys().filter(|(name, _)| name == function).map(|(_, version)| version.clone()).collect()
        };
        for version in versions {
            let qualifier = (version != LATEST).then(|| version.clone());
            let named = Reference { name: function.to_owned(), qualifier };
            if self.read(&named).await?.is_none() {
                let gone = (function.to_owned(), version);
                let pool = self.pools.lock().unwrap_or_else(PoisonError::into_inner).remove(&gone);
                if let Some(pool) = pool {
                    pool.retire();
                }
            } else if version == LATEST {
                let _ = self.target(function).await;
            }
        }
        Ok(())
    }

    async fn read(&self, named: &Reference) -> Result<Option<Read>, StoreError> {
        let name = &named.name;
        let Some(function) = self.store.get::<FunctionRow>(name, LATEST_KEY).await? else { return Ok(None) };
        let row = function.value;
        let qualifier = named.qualifier.as_deref().filter(|qualifier| *qualifier != LATEST);
        let policy = self.store.get::<PolicyRow>(name, &PolicyRow::key_of(qualifier)).await?;
        let policy = policy.map(|read| read.value.statements).unwrap_or_default();
        let (main, shared) = match qualifier {
            None => (Some(Runs::latest(&row)), None),
            Some(version) if reference::is_version(version) => (self.version(name, version).await?, None),
            Some(alias) => {
                let Some(alias) = self.store.get::<AliasRow>(name, alias).await? else { return Ok(None) };
                let alias = alias.value;
                let shared = match alias.weights.iter().next() {
                    Some((version, share)) => {
                        self.version(name, version).await?.map(|version| (*share, version))
                    }
                    None => None,
                };
                let main = if alias.version == LATEST {
                    Some(Runs::latest(&row))
                } else {
                    self.version(name, &alias.version).await?
                };
                (main, shared)
            }
        };
        Ok(main.map(|main| Read { row, policy, main, shared }))
    }

    async fn version(&self, name: &str, version: &str) -> Result<Option<Runs>, StoreError> {
        let Ok(number) = version.parse() else { return Ok(None) };
        let read = self.store.get::<VersionRow>(name, &version_key(number)).await?;
        Ok(read.map(|read| Runs {
            version: number.to_string(),
            generation: read.value.generation,
            settings: read.value.settings,
            code: read.value.code,
        }))
    }

    fn target_of(&self, named: &Reference, read: Read) -> Result<Target, String> {
        let concurrency = {
            let mut all = self.concurrency.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry(named.name.clone()).or_insert_with(|| {
                Arc::new(Concurrency { limit: AtomicU64::new(u64::MAX), running: AtomicUsize::new(0) })
            }))
        };
        concurrency.limit.store(read.row.reserved_concurrency.map_or(u64::MAX, u64::from), Ordering::Relaxed);
        let main = self.pool(&named.name, read.main)?;
        let shared = match read.shared {
            Some((share, runs)) => Some((share, self.pool(&named.name, runs)?)),
            None => None,
        };
        Ok(Target {
            function: named.name.clone(),
            qualifier: named.qualifier.clone(),
            arn: reference::arn(&self.region, &self.account, &named.name, named.qualifier.as_deref()).into(),
            concurrency,
            statements: read.policy,
            main,
            shared,
        })
    }

    /// The version's workers. Where they ran something older, those finish what they are at and go.
    fn pool(&self, name: &str, runs: Runs) -> Result<Arc<Pool>, String> {
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (name.to_owned(), runs.version.clone());
        if let Some(pool) = pools.get(&key)
            && pool.generation() == runs.generation
        {
            return Ok(Arc::clone(pool));
        }
        let variables = open_variables(&*self.seal, name, runs.settings.environment.as_deref())?;
        let plan = Plan {
            name: name.to_owned(),
            version: runs.version,
            generation: runs.generation,
            settings: runs.settings,
            variables,
            code: runs.code,
        };
        let pool = Pool::new(plan, Arc::clone(&self.fleet));
        if let Some(old) = pools.insert(key, Arc::clone(&pool)) {
            let was_in_use = old.has_workers();
            old.retire();
            if was_in_use {
                pool.warm_up();
            }
        }
        Ok(pool)
    }

    /// Whether the other share of an alias is drawn, given a number from 0 to 1.
    pub fn draw(&self, target: &Target) -> Arc<Pool> {
        match &target.shared {
            Some((share, other)) => {
                let drawn = f64::from(u32::from_le_bytes(self.rng.bytes())) / f64::from(u32::MAX);
                if drawn < *share { Arc::clone(other) } else { Arc::clone(&target.main) }
            }
            None => Arc::clone(&target.main),
        }
    }
}

impl Target {
    /// Whether the function's resource policy lets this service's resource invoke it.
    pub fn allows(&self, principal: &ports::invoke::ServicePrincipal) -> bool {
        may_invoke(&self.statements, principal)
    }
}

impl Runs {
    fn latest(row: &FunctionRow) -> Self {
        Self {
            version: LATEST.to_owned(),
            generation: row.generation.clone(),
            settings: row.settings.clone(),
            code: row.code.clone(),
        }
    }
}

impl Concurrency {
    /// `None` where as many run as may.
    pub fn enter(self: &Arc<Self>) -> Option<Running> {
        let limit = usize::try_from(self.limit.load(Ordering::Relaxed)).unwrap_or(usize::MAX);
        let entered = self.running.fetch_add(1, Ordering::AcqRel);
        let running = Running(Arc::clone(self));
        (entered < limit).then_some(running)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::AcqRel);
    }
}

/// What a function's variables are sealed for.
pub fn variables_are_bound_to(name: &str) -> String {
    format!("lambda_function/{name}/environment")
}

pub fn open_variables(
    seal: &dyn Seal,
    name: &str,
    sealed: Option<&str>,
) -> Result<BTreeMap<String, String>, String> {
    let Some(sealed) = sealed else { return Ok(BTreeMap::new()) };
    let opened = seal.open(&variables_are_bound_to(name), sealed)?;
    serde_json::from_slice(&opened).map_err(|cause| cause.to_string())
}

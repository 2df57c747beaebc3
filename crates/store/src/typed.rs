//! The four verbs, with types.

use std::{marker::PhantomData, sync::Arc};

use base::PageToken;
use tokio::sync::broadcast::{self, error::RecvError};

use crate::{
    Batch, Change, Collection, CommitError, Engine, RowId, StoreError, Versioned,
    decide::Lines,
    engine::{Range, RawQuery, Row},
};

/// The store every room holds. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    engine: Arc<dyn Engine>,
    pub(crate) lines: Arc<Lines>,
}

/// Which rows: `Query::<User>::in_partition(pool).index("by_email").equals(address).limit(60)`.
#[derive(Clone, Debug)]
pub struct Query<T> {
    raw: RawQuery,
    of: PhantomData<fn() -> T>,
}

#[derive(Clone, Debug)]
pub struct Page<T> {
    pub rows: Vec<Versioned<T>>,
    pub next: Option<PageToken>,
}

impl<T: Collection> Query<T> {
    pub fn in_partition(partition: &str) -> Self {
        Self {
            raw: RawQuery {
                collection: T::NAME,
                partition: partition.to_owned(),
                index: None,
                range: Range::All,
                limit: 60,
                after: None,
            },
            of: PhantomData,
        }
    }

    #[must_use]
    pub fn index(mut self, index: &'static str) -> Self {
        self.raw.index = Some(index);
        self
    }

    #[must_use]
    pub fn equals(mut self, value: impl Into<String>) -> Self {
        self.raw.range = Range::Equals(value.into());
        self
    }

    #[must_use]
    pub fn starts_with(mut self, prefix: impl Into<String>) -> Self {
        self.raw.range = Range::StartsWith(prefix.into());
        self
    }

    #[must_use]
    pub fn between(mut self, from: impl Into<String>, before: impl Into<String>) -> Self {
        self.raw.range = Range::Between(from.into(), before.into());
        self
    }

    #[must_use]
    pub fn limit(mut self, limit: usize) -> Self {
        self.raw.limit = limit;
        self
    }

    #[must_use]
    pub fn after(mut self, token: Option<PageToken>) -> Self {
        self.raw.after = token;
        self
    }
}

impl Store {
    pub fn new(engine: Arc<dyn Engine>) -> Self {
        Self { engine, lines: Arc::default() }
    }

    pub fn engine(&self) -> &Arc<dyn Engine> {
        &self.engine
    }

    pub async fn get<T: Collection>(
        &self,
        partition: &str,
        key: &str,
    ) -> Result<Option<Versioned<T>>, StoreError> {
        Ok(self.get_many(&[(partition, key)]).await?.pop().flatten())
    }

    /// In the order asked for.
    pub async fn get_many<T: Collection>(
        &self,
        ids: &[(&str, &str)],
    ) -> Result<Vec<Option<Versioned<T>>>, StoreError> {
        let rows = self.engine.get_many(row_ids::<T>(ids)).await?;
        rows.into_iter().map(|row| row.map(read).transpose()).collect()
    }

    /// A row of each of two collections, in one read.
    pub async fn get_both<A: Collection, B: Collection>(
        &self,
        a: (&str, &str),
        b: (&str, &str),
    ) -> Result<(Option<Versioned<A>>, Option<Versioned<B>>), StoreError> {
        let (a, mut b) = self.get_with::<A, B>(a, &[b]).await?;
        Ok((a, b.pop().flatten()))
    }

    /// A row of one collection, and some of another, in one read.
    pub async fn get_with<A: Collection, B: Collection>(
        &self,
        a: (&str, &str),
        b: &[(&str, &str)],
    ) -> Result<(Option<Versioned<A>>, Vec<Option<Versioned<B>>>), StoreError> {
        let ids = row_ids::<A>(&[a]).into_iter().chain(row_ids::<B>(b)).collect();
        let mut rows = self.engine.get_many(ids).await?.into_iter();
        let a = rows.next().flatten().map(read).transpose()?;
        let b = rows.map(|row| row.map(read).transpose()).collect::<Result<_, _>>()?;
        Ok((a, b))
    }

    pub async fn query<T: Collection>(&self, query: Query<T>) -> Result<Page<T>, StoreError> {
        let page = self.engine.query(query.raw).await?;
        let rows = page.rows.into_iter().map(read).collect::<Result<_, _>>()?;
        Ok(Page { rows, next: page.next })
    }

    /// Every row a query means, page after page: for lists known to be short (a pool's clients, an API's methods).
    pub async fn query_all<T: Collection>(&self, query: Query<T>) -> Result<Vec<Versioned<T>>, StoreError> {
        let mut query = query.limit(1000);
        let mut all = Vec::new();
        loop {
            let page = self.query(query.clone()).await?;
            all.extend(page.rows);
            match page.next {
                Some(next) => query = query.after(Some(next)),
                None => return Ok(all),
            }
        }
    }

    /// Every row of a collection, whatever its partition: for start-up, where caches are filled and work left over by a
    /// crash is taken up again.
    pub async fn scan<T: Collection>(&self) -> Result<Vec<Versioned<T>>, StoreError> {
        let mut all = Vec::new();
        let mut after = None;
        loop {
            let partitions = self.engine.partitions(T::NAME, after, 1000).await?;
            for partition in &partitions {
                all.extend(self.query_all(Query::<T>::in_partition(partition)).await?);
            }
            match partitions.into_iter().next_back() {
                Some(last) => after = Some(last),
                None => return Ok(all),
            }
        }
    }

    pub async fn commit(&self, batch: Batch) -> Result<(), CommitError> {
        self.engine.commit(batch.into_raw()?).await
    }

    /// How many servers use this store now: at least 1.
    pub fn nodes(&self) -> usize {
        self.engine.nodes().max(1)
    }

    /// Commits from now on, here and on other nodes.
    pub fn changes(&self) -> Changes {
        Changes(self.engine.changes())
    }
}

fn row_ids<T: Collection>(ids: &[(&str, &str)]) -> Vec<RowId> {
    let of = |(partition, key): &(&str, &str)| RowId {
        collection: T::NAME,
        partition: (*partition).to_owned(),
        key: (*key).to_owned(),
    };
    ids.iter().map(of).collect()
}

/// What was committed, one row after another. On [`RecvError::Lagged`] something may have been missed, and all that is held
/// in memory must be dropped.
pub struct Changes(broadcast::Receiver<Change>);

impl Changes {
    pub async fn recv(&mut self) -> Result<Change, RecvError> {
        match self.0.recv().await {
            Ok(change) if change.is_everything() => Err(RecvError::Lagged(0)),
            other => other,
        }
    }
}

fn read<T: Collection>(row: Row) -> Result<Versioned<T>, StoreError> {
    match serde_json::from_str(&row.body) {
        Ok(value) => Ok(Versioned { value, version: row.version }),
        Err(cause) => {
            Err(StoreError::Corrupt(format!("{}/{}/{}: {cause}", T::NAME, row.id.partition, row.id.key)))
        }
    }
}

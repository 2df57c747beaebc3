//! Which sign-in names a user holds, and what changes when their attributes do.
//!
//! A username attribute is held from the moment it is given; an alias attribute only once it is verified
//! (`preferred_username`, which nobody verifies, once the user is confirmed). So nobody signs in as someone else, or
//! takes over their name, by writing an address that they do not own ("Customizing sign-in attributes").

use std::collections::BTreeMap;

use store::{Batch, Store, StoreError, Versioned};

use crate::{
    directory::Pool,
    raise::AliasExistsException,
    rows::{AliasKind, AliasRow, UserRow, UserStatus},
};

/// The aliases that `user` has a right to as it stands.
pub fn held_by(pool: &Pool, user: &UserRow) -> Vec<AliasRow> {
    let mut aliases = Vec::new();
    for kind in AliasKind::ALL {
        let attribute = kind.attribute();
        let Some(value) = user.attribute(attribute).filter(|value| !value.is_empty()) else { continue };
        let as_alias = pool.is_alias(attribute)
            && match kind {
                AliasKind::PreferredUsername => user.status != UserStatus::Unconfirmed,
                AliasKind::Email | AliasKind::PhoneNumber => user.is_verified(attribute),
            };
        if as_alias || pool.is_username_attribute(attribute) {
            aliases.push(AliasRow {
                user_pool_id: user.user_pool_id.clone(),
                kind,
                value: pool.normalised(value),
                username_key: user.username_key.clone(),
                sub: user.sub.clone(),
            });
        }
    }
    aliases
}

/// What a change from one state of a user to another writes.
pub struct Change {
    gained: Vec<AliasRow>,
    lost: Vec<AliasRow>,
}

/// `before` is `None` for a new user, `after` for one who goes.
pub fn change(pool: &Pool, before: Option<&UserRow>, after: Option<&UserRow>) -> Change {
    let before = before.map(|user| held_by(pool, user)).unwrap_or_default();
    let after = after.map(|user| held_by(pool, user)).unwrap_or_default();
    Change {
        gained: after.iter().filter(|alias| !before.contains(alias)).cloned().collect(),
        lost: before.iter().filter(|alias| !after.contains(alias)).cloned().collect(),
    }
}

/// Someone else's alias that stands in the way.
pub struct Taken {
    pub kind: AliasKind,
    pub holder: Versioned<AliasRow>,
}

impl Taken {
    pub fn exception(&self) -> AliasExistsException {
        AliasExistsException(format!("An account with the {} already exists.", self.kind.attribute()))
    }

    /// How `SignUp` and `AdminCreateUser` say it.
    pub fn username_exists(&self) -> String {
        format!("An account with the given {} already exists.", self.kind.attribute())
    }
}

impl Change {
    /// Who holds what is to be gained. A batch made after this still expects that nobody does.
    pub async fn taken(&self, store: &Store) -> Result<Option<Taken>, StoreError> {
        let keys: Vec<(AliasKind, &str, String)> = self
            .gained
            .iter()
            .map(|alias| (alias.kind, alias.user_pool_id.as_str(), alias.kind.key(&alias.value)))
            .collect();
        let ids: Vec<(&str, &str)> = keys.iter().map(|(_, pool, key)| (*pool, key.as_str())).collect();
        if ids.is_empty() {
            return Ok(None);
        }
        let rows = store.get_many::<AliasRow>(&ids).await?;
        let mut found = self.gained.iter().zip(rows);
        Ok(found.find_map(|(alias, row)| {
            let row = row.filter(|row| row.value.sub != alias.sub)?;
            Some(Taken { kind: alias.kind, holder: row })
        }))
    }

    /// Adds the change to `batch`: what is gained must be free, unless it is this user's already.
    #[must_use]
    pub fn write(&self, mut batch: Batch) -> Batch {
        for alias in &self.lost {
            batch = batch.delete::<AliasRow>(&alias.user_pool_id, &alias.kind.key(&alias.value));
        }
        for alias in &self.gained {
            batch = batch.insert(alias);
        }
        batch
    }

    /// As [`Change::write`], but takes `taken` away from its holder (`ForceAliasCreation`).
    #[must_use]
    pub fn write_over(&self, mut batch: Batch, taken: &Taken) -> Batch {
        for alias in &self.lost {
            batch = batch.delete::<AliasRow>(&alias.user_pool_id, &alias.kind.key(&alias.value));
        }
        for alias in &self.gained {
            batch = if alias.kind == taken.kind {
                batch.replace(&taken.holder, alias)
            } else {
                batch.insert(alias)
            };
        }
        batch
    }
}

/// The attributes of the user who loses an alias: the address is no more theirs for certain.
pub fn without(kind: AliasKind, attributes: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut attributes = attributes.clone();
    match kind {
        AliasKind::PreferredUsername => drop(attributes.remove("preferred_username")),
        AliasKind::Email | AliasKind::PhoneNumber => {
            attributes.insert(format!("{}_verified", kind.attribute()), String::from("false"));
        }
    }
    attributes
}

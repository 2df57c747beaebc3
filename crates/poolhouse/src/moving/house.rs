//! Where a store is: a data folder of the embedded engine, or a PostgreSQL database.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use outbound::SystemClock;
use store::Store;

use crate::{failure::Failure, server::engine};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum House {
    Folder(PathBuf),
    Database(String),
}

impl House {
    /// By one word: a URL, or else a folder.
    pub fn named(word: &str) -> Self {
        if word.starts_with("postgres://") || word.starts_with("postgresql://") {
            Self::Database(word.to_owned())
        } else {
            Self::Folder(PathBuf::from(word))
        }
    }

    /// By the flags of a server.
    pub fn of_flags(data: Option<&Path>, database_url: Option<&str>) -> Self {
        match database_url {
            Some(url) => Self::Database(url.to_owned()),
            None => Self::Folder(data.unwrap_or(Path::new(".poolhouse")).to_owned()),
        }
    }

    /// As a visitor: a server may be serving from it, and goes on.
    pub async fn visit(&self) -> Result<Store, Failure> {
        let clock = Arc::new(SystemClock);
        let engine = match self {
            Self::Folder(path) => engine::beside(path, clock).await?,
            Self::Database(url) => engine::on_postgres(url, clock).await?,
        };
        Ok(Store::new(engine))
    }

    /// To fill it: no server has it, and there is nothing in it.
    pub async fn take(&self) -> Result<Store, Failure> {
        let clock = Arc::new(SystemClock);
        let engine = match self {
            Self::Folder(path) => engine::in_folder(path, clock).await?,
            Self::Database(url) => engine::on_postgres(url, clock).await?,
        };
        Ok(Store::new(engine))
    }

    /// The master key's file, where the house itself has one.
    pub fn own_key_file(&self) -> Option<PathBuf> {
        match self {
            Self::Folder(path) => Some(path.join("master.key")),
            Self::Database(_) => None,
        }
    }

    /// How a server is started on it.
    pub fn flag(&self) -> String {
        match self {
            Self::Folder(path) => format!("--data {}", path.display()),
            Self::Database(_) => String::from("--database-url …"),
        }
    }
}

/// Without the password.
impl fmt::Display for House {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => write!(formatter, "the data folder {}", path.display()),
            Self::Database(url) => {
                let place = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
                let place = place.rsplit_once('@').map_or(place, |(_, place)| place);
                write!(formatter, "the database {}", place.split('?').next().unwrap_or_default())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_a_url_or_a_folder() {
        let url = "postgres://me:s3cr@t@db.example.com:5432/poolhouse?sslmode=require";
        assert_eq!(House::named(url), House::Database(url.to_owned()));
        assert_eq!(House::named("here"), House::Folder(PathBuf::from("here")));
        assert_eq!(House::named(url).to_string(), "the database db.example.com:5432/poolhouse");
    }
}

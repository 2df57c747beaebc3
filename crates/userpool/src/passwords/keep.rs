//! What is kept in a password's place: an SRP verifier, sealed.

use base::Secret;
use crypto::srp::Verifier;
use ports::RngExt;

use crate::{
    directory::Pool,
    raise::{PasswordHistoryPolicyViolationException, Raise},
    rows::{UserRow, sealed},
    service::Service,
};

/// A new password, worked out and sealed, not yet on its user.
pub struct Kept {
    verifier: String,
}

/// One power of g, on the workers.
pub async fn keep<E>(
    service: &Service,
    pool: &Pool,
    username: &str,
    sub: &str,
    password: &str,
) -> Result<Kept, Raise<E>> {
    let salt = service.rng.bytes();
    let (pool_name, user_id) = (pool.srp_name().to_owned(), username.to_owned());
    let password = Secret::new(password.to_owned());
    let verifier =
        service.heavy(move || Verifier::derive(&pool_name, &user_id, password.expose(), salt)).await?;
    Ok(Kept { verifier: service.sealer.seal(&sealed::verifier(pool.id(), sub), &verifier.to_bytes())? })
}

/// Puts the new password in the old one's place; the old one is remembered as long as the pool's policy says.
pub fn set(service: &Service, pool: &Pool, user: &mut UserRow, kept: Kept) {
    let remembered = pool.password_policy().password_history_size.unwrap_or(0);
    let remembered = usize::try_from(remembered).unwrap_or(0);
    if let Some(old) = user.verifier.replace(kept.verifier) {
        user.password_history.insert(0, old);
    }
    user.password_history.truncate(remembered.saturating_sub(1));
    user.password_changed_at = Some(service.clock.now());
}

/// `None` where the user has no password.
pub fn open_verifier<E>(service: &Service, user: &UserRow) -> Result<Option<Verifier>, Raise<E>> {
    let Some(text) = &user.verifier else { return Ok(None) };
    open(service, user, text).map(Some)
}

fn open<E>(service: &Service, user: &UserRow, text: &str) -> Result<Verifier, Raise<E>> {
    let bytes = service.sealer.open(&sealed::verifier(&user.user_pool_id, &user.sub), text)?;
    Verifier::from_bytes(bytes.expose()).map_err(|cause| Raise::Internal(cause.to_string()))
}

/// Whether this is the user's password; one power of g, on the workers.
pub async fn matches<E>(
    service: &Service,
    pool: &Pool,
    user: &UserRow,
    password: &str,
) -> Result<bool, Raise<E>> {
    match open_verifier(service, user)? {
        Some(verifier) => compare(service, pool, user, vec![verifier], password).await,
        None => Ok(false),
    }
}

/// Refuses a password that the pool's policy still remembers.
pub async fn was_used<E: From<PasswordHistoryPolicyViolationException>>(
    service: &Service,
    pool: &Pool,
    user: &UserRow,
    password: &str,
) -> Result<(), Raise<E>> {
    let size = pool.password_policy().password_history_size.unwrap_or(0);
    let size = usize::try_from(size).unwrap_or(0);
    let mut verifiers = Vec::new();
    for text in user.verifier.iter().chain(&user.password_history).take(size) {
        verifiers.push(open(service, user, text)?);
    }
    if !verifiers.is_empty() && compare(service, pool, user, verifiers, password).await? {
        let message = "Password has previously been used. Please choose a new password.";
        return Err(PasswordHistoryPolicyViolationException(String::from(message)).into());
    }
    Ok(())
}

async fn compare<E>(
    service: &Service,
    pool: &Pool,
    user: &UserRow,
    verifiers: Vec<Verifier>,
    password: &str,
) -> Result<bool, Raise<E>> {
    let (pool_name, user_id) = (pool.srp_name().to_owned(), user.username.clone());
    let password = Secret::new(password.to_owned());
    let matches = move || {
        verifiers.iter().any(|verifier| verifier.matches_password(&pool_name, &user_id, password.expose()))
    };
    Ok(service.heavy(matches).await?)
}

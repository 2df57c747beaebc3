//! Second factors, as their owners set them up.

pub mod associate_software_token;
pub mod set_user_mfa_preference;
mod setup;
pub mod verify_software_token;

//! What an access token lets its holder do with their own user, and how tokens are taken back.

pub mod delete_user;
pub mod delete_user_attributes;
pub mod get_user;
pub mod get_user_attribute_verification_code;
pub mod global_sign_out;
pub mod revoke_token;
pub mod update_user_attributes;
pub mod verify_user_attribute;

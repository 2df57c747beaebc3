//! GetAccessKeyInfo: which account a key belongs to.

use facts::sts::{self, errors};

use crate::{
    Inner,
    failure::{Failure, refused},
};

impl Inner {
    pub(super) async fn access_key_info(
        &self,
        input: &sts::GetAccessKeyInfoRequest,
    ) -> Result<sts::GetAccessKeyInfoResponse, Failure> {
        // Session keys are written down nowhere; AWS answers for the keys of any account, here there is one.
        if input.access_key_id.starts_with("ASIA") || self.key(&input.access_key_id).await?.is_some() {
            return Ok(sts::GetAccessKeyInfoResponse { account: Some(self.account().to_owned()) });
        }
        let text = format!("Access key {} does not exist.", input.access_key_id);
        Err(refused(errors::ValidationError(text)))
    }
}

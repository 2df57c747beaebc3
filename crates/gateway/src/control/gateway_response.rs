//! `AWS::ApiGateway::GatewayResponse`.

use base::AwsError;
use store::Batch;

use super::errors::{Refused, bad_request, from_store, missing};
use crate::{
    Gateway, definitions::GatewayResponseDefinition, responses::GatewayResponses, rows::GatewayResponseRow,
};

impl Gateway {
    /// Makes the response of this type, or writes it anew.
    pub async fn put_gateway_response(
        &self,
        rest_api_id: &str,
        definition: GatewayResponseDefinition,
    ) -> Result<GatewayResponseRow, AwsError> {
        GatewayResponses::default().add(&definition).map_err(bad_request)?;
        let row = GatewayResponseRow { rest_api_id: rest_api_id.to_owned(), definition };
        let decided = self.inner.store.decide(async || {
            let api = self.inner.rest_api(rest_api_id).await?;
            Ok::<_, Refused>((Batch::new().expect(&api).put(&row), row.clone()))
        });
        decided.await.map_err(|refused| refused.0)
    }

    pub async fn get_gateway_response(
        &self,
        rest_api_id: &str,
        response_type: &str,
    ) -> Result<GatewayResponseRow, AwsError> {
        let row = self.inner.store.get::<GatewayResponseRow>(rest_api_id, response_type).await;
        row.map_err(from_store)?.map(|row| row.value).ok_or_else(|| missing("Gateway response type"))
    }

    /// What AWS answers by default is back with the next deployment.
    pub async fn delete_gateway_response(
        &self,
        rest_api_id: &str,
        response_type: &str,
    ) -> Result<(), AwsError> {
        let store = &self.inner.store;
        let decided = store.decide(async || {
            let row = store.get::<GatewayResponseRow>(rest_api_id, response_type).await?;
            let row = row.ok_or_else(|| missing("Gateway response type"))?;
            Ok::<_, Refused>((Batch::new().spend(&row), ()))
        });
        decided.await.map_err(|refused| refused.0)
    }
}

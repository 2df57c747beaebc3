//! TLS to the database, with rustls: whom to trust is said by `sslmode` and `sslrootcert`.

use std::sync::Arc;

use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{
    OpenError,
    address::{Address, Trust},
};

pub(crate) fn connector(address: &Address) -> Result<MakeRustlsConnect, OpenError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|cause| OpenError::Tls(cause.to_string()))?;
    let verifier = match address.trust {
        Trust::Anyone => Verifier { provider, authorities: None, names_count: false },
        Trust::Authority | Trust::Host => {
            let roots = Arc::new(authorities(address)?);
            let authorities = WebPkiServerVerifier::builder_with_provider(roots, provider.clone())
                .build()
                .map_err(|cause| OpenError::Tls(cause.to_string()))?;
            Verifier { provider, authorities: Some(authorities), names_count: address.trust == Trust::Host }
        }
    };
    let config =
        builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

fn authorities(address: &Address) -> Result<RootCertStore, OpenError> {
    let mut roots = RootCertStore::empty();
    let Some(file) = &address.root_certificates else {
        let (added, _) = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if added == 0 {
            return Err(OpenError::Tls(String::from(
                "the system has no certificate authorities; name a file with sslrootcert",
            )));
        }
        return Ok(roots);
    };
    let wrong = |cause: String| OpenError::Tls(format!("sslrootcert {}: {cause}", file.display()));
    let certificates = CertificateDer::pem_file_iter(file).map_err(|cause| wrong(cause.to_string()))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|cause| wrong(cause.to_string()))?;
        roots.add(certificate).map_err(|cause| wrong(cause.to_string()))?;
    }
    if roots.is_empty() {
        return Err(wrong(String::from("there is no certificate in it")));
    }
    Ok(roots)
}

/// The usual verification, less what `sslmode` leaves out. Signatures of the handshake are verified always.
#[derive(Debug)]
struct Verifier {
    provider: Arc<CryptoProvider>,
    authorities: Option<Arc<WebPkiServerVerifier>>,
    names_count: bool,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(authorities) = &self.authorities else { return Ok(ServerCertVerified::assertion()) };
        // The name is looked at last (webpki), so whoever fails by it alone has a chain that holds.
        match authorities.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if !self.names_count => Ok(ServerCertVerified::assertion()),
            outcome => outcome,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

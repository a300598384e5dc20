//! Asking an authority over HTTPS: one request, one bounded answer, within a bounded time.

use std::{fs, pin::Pin, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Collected};
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use ureq::{
    Agent,
    http::{Request, request},
    tls::{PemItem, RootCerts, TlsConfig, parse_pem},
};

use super::AcmeError;
use crate::config;

/// How long one answer may take.
const LIMIT: Duration = Duration::from_secs(30);
/// The greatest answer, in bytes: a chain of certificates.
const MAX_BYTES: u64 = 1 << 20;

/// Asks it. Cloning is cheap.
///
/// Speaks `https` and nothing else, follows no redirect, and goes through no proxy.
#[derive(Clone, Debug)]
pub(super) struct Authority {
    agent: Agent,
}

impl Authority {
    /// By whose certificates its own is believed, stands in `section`.
    pub(super) fn new(section: &config::Acme) -> Result<Self, AcmeError> {
        let mut tls = TlsConfig::builder();
        if let Some(path) = &section.ca_file {
            let unreadable = |source| AcmeError::File { path: path.clone(), source };
            let pem = fs::read(path).map_err(unreadable)?;
            let mut roots = Vec::new();
            for item in parse_pem(&pem) {
                match item {
                    Ok(PemItem::Certificate(root)) => roots.push(root),
                    Ok(_) => {}
                    Err(error) => {
                        let (path, reason) = (path.clone(), error.to_string());
                        return Err(AcmeError::Roots { path, reason });
                    }
                }
            }
            if roots.is_empty() {
                let (path, reason) = (path.clone(), "there is none in it".to_owned());
                return Err(AcmeError::Roots { path, reason });
            }
            tls = tls.root_certs(RootCerts::from(roots));
        }
        let agent = Agent::config_builder()
            .https_only(true)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .timeout_global(Some(LIMIT))
            .tls_config(tls.build())
            .build()
            .new_agent();
        Ok(Self { agent })
    }
}

impl HttpClient for Authority {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let agent = self.agent.clone();
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let Ok(body) = body.collect().await.map(Collected::to_bytes);
            // It waits, and must not hold up what else runs here.
            let answer = tokio::task::spawn_blocking(move || ask(&agent, head, &body)).await;
            match answer {
                Ok(Ok(answer)) => Ok(answer),
                Ok(Err(error)) => Err(Error::Other(Box::new(error))),
                Err(error) => Err(Error::Other(Box::new(error))),
            }
        })
    }
}

fn ask(agent: &Agent, head: request::Parts, body: &[u8]) -> Result<BytesResponse, ureq::Error> {
    let answer = if body.is_empty() {
        agent.run(Request::from_parts(head, ()))?
    } else {
        agent.run(Request::from_parts(head, body))?
    };
    let (parts, mut body) = answer.into_parts();
    let body = body.with_config().limit(MAX_BYTES).read_to_vec()?;
    Ok(BytesResponse { parts, body: Box::new(Bytes::from(body)) })
}

//! Asking an authority over HTTP: one request, one bounded answer, within a bounded time.

use std::time::Duration;

use ureq::{Agent, Body, config::Config, http, unversioned::transport::DefaultConnector};

use super::address::{PublicResolver, is_forbidden};
use crate::{config, trust::RevocationStore};

const MAX_REDIRECTS: u32 = 3;

/// Asks authorities. Cloning is cheap.
///
/// Speaks `http` and `https` and nothing else, also after a redirect, and through no proxy. What
/// comes is signed by the authority, so `http` is as good.
#[derive(Clone, Debug)]
pub(super) struct Client {
    agent: Agent,
    max_bytes: u64,
}

/// Why an authority gave nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum ClientError {
    /// It does not answer, or with an error, too slowly or with too much.
    #[error("the authority gives no answer: {0}")]
    Failed(ureq::Error),
    /// Its address may not be asked.
    #[error("the authority may not be asked: {0}")]
    Forbidden(ureq::Error),
}

impl Client {
    /// With the limits of `section`.
    pub(super) fn new(section: &config::Signatures) -> Self {
        let config = Config::builder()
            .timeout_global(Some(Duration::from_secs(section.fetch_timeout_seconds)))
            .max_redirects(MAX_REDIRECTS)
            .proxy(None)
            .user_agent("skrynka")
            .build();
        let resolver = PublicResolver::new(section.fetch_private_addresses);
        let agent = Agent::with_parts(config, DefaultConnector::default(), resolver);
        let max_read = u64::try_from(RevocationStore::MAX_LEN).unwrap_or(u64::MAX);
        Self { agent, max_bytes: section.fetch_max_bytes.min(max_read) }
    }

    /// Fetches a list.
    pub(super) fn get(&self, url: &str) -> Result<Vec<u8>, ClientError> {
        self.read(self.agent.get(url).call())
    }

    /// Puts `request` to an OCSP responder (RFC 6960 appendix A.1).
    pub(super) fn ask_responder(&self, url: &str, request: &[u8]) -> Result<Vec<u8>, ClientError> {
        let answer = self
            .agent
            .post(url)
            .header("Content-Type", "application/ocsp-request")
            .header("Accept", "application/ocsp-response")
            .send(request);
        self.read(answer)
    }

    fn read(
        &self,
        answer: Result<http::Response<Body>, ureq::Error>,
    ) -> Result<Vec<u8>, ClientError> {
        answer
            .and_then(|mut answer| {
                answer.body_mut().with_config().limit(self.max_bytes).read_to_vec()
            })
            .map_err(|error| {
                if is_forbidden(&error) {
                    ClientError::Forbidden(error)
                } else {
                    ClientError::Failed(error)
                }
            })
    }
}

/// The host that an address names, in lower case; empty when it names none.
pub(super) fn host(url: &str) -> String {
    let Ok(url) = url.parse::<http::Uri>() else { return String::new() };
    let host = url.host().filter(|_| url.scheme().is_some());
    host.map(str::to_ascii_lowercase).unwrap_or_default()
}

#[cfg(test)]
mod tests;

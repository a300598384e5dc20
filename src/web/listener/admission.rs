//! How many connections there may be, in all and from one address.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::Terms;
use crate::{
    domain::{Network, customer_of},
    metrics::{Metrics, WebRefusal},
};

/// Refusals are logged once in so long, with their number.
const LOG_PAUSE: Duration = Duration::from_mins(1);

/// Counts the connections of one listener.
pub(super) struct Admission {
    open: Mutex<Open>,
    max_per_address: usize,
    max_total: usize,
    proxies: Vec<Network>,
    metrics: Metrics,
}

#[derive(Default)]
struct Open {
    by_address: HashMap<IpAddr, usize>,
    total: usize,
    /// Refusals that no line of the log tells of yet.
    untold: u64,
    told_at: Option<Instant>,
}

/// A connection's place; given back when dropped.
pub(super) struct Place {
    admission: Arc<Admission>,
    peer: IpAddr,
    /// What it counts among; nothing for a proxy.
    customer: Option<IpAddr>,
}

impl Admission {
    pub(super) fn new(terms: &Terms) -> Arc<Self> {
        Arc::new(Self {
            open: Mutex::default(),
            max_per_address: terms.limits.max_connections_per_address,
            max_total: terms.limits.max_connections,
            proxies: terms.proxy_from.clone(),
            metrics: terms.metrics.clone(),
        })
    }

    /// A place for a connection from `peer`.
    ///
    /// # Errors
    /// When there are as many connections as there may be.
    pub(super) fn admit(self: &Arc<Self>, peer: IpAddr) -> Result<Place, WebRefusal> {
        let is_proxy = self.proxies.iter().any(|network| network.contains(peer));
        let customer = (!is_proxy).then(|| customer_of(peer));
        let refused = {
            let mut open = self.lock();
            let of_customer = customer.map_or(0, |c| open.by_address.get(&c).copied().unwrap_or(0));
            if open.total >= self.max_total {
                WebRefusal::Total
            } else if of_customer >= self.max_per_address {
                WebRefusal::PerAddress
            } else {
                open.total += 1;
                if let Some(customer) = customer {
                    open.by_address.insert(customer, of_customer + 1);
                }
                self.metrics.web_connections(1);
                return Ok(Place { admission: Arc::clone(self), peer, customer });
            }
        };
        self.note(refused, peer);
        Err(refused)
    }

    fn note(&self, why: WebRefusal, peer: IpAddr) {
        self.metrics.web_connection_refused(why);
        let mut open = self.lock();
        open.untold += 1;
        if open.told_at.is_some_and(|at| at.elapsed() < LOG_PAUSE) {
            return;
        }
        open.told_at = Some(Instant::now());
        let connections = std::mem::take(&mut open.untold);
        drop(open);
        tracing::warn!(connections, reason = why.as_str(), peer.ip = %peer,
            "web connections were refused or cut off, the latest from this address");
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        // Counts are whole after every statement, so a panic elsewhere leaves them right.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Counts that the connection was cut off.
    pub(super) fn note(&self, why: WebRefusal) {
        self.admission.note(why, self.peer);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.admission.metrics.web_connections(-1);
        let mut open = self.admission.lock();
        open.total = open.total.saturating_sub(1);
        let Some(customer) = self.customer else { return };
        let left = open.by_address.get(&customer).map_or(0, |count| count.saturating_sub(1));
        if left == 0 {
            open.by_address.remove(&customer);
        } else {
            open.by_address.insert(customer, left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::Limits;

    fn admission(max_connections: usize, max_connections_per_address: usize) -> Arc<Admission> {
        Admission::new(&Terms {
            limits: Limits { max_connections, max_connections_per_address, ..Limits::default() },
            proxy_from: vec!["127.0.0.1".parse().unwrap()],
            tls: tokio::sync::watch::channel(None).1,
            metrics: Metrics::new(),
        })
    }

    fn admit(admission: &Arc<Admission>, peer: &str) -> Result<Place, WebRefusal> {
        admission.admit(peer.parse().unwrap())
    }

    #[test]
    fn one_address_leaves_room_for_others_and_places_come_back() {
        let admission = admission(5, 2);
        let one = [(); 2].map(|()| admit(&admission, "192.0.2.1").ok().unwrap());
        assert_eq!(admit(&admission, "192.0.2.1").err(), Some(WebRefusal::PerAddress));
        let two = ["2001:db8::1", "2001:db8::2"].map(|peer| admit(&admission, peer).ok().unwrap());
        assert_eq!(admit(&admission, "2001:db8::3").err(), Some(WebRefusal::PerAddress));
        let last = admit(&admission, "192.0.2.2").ok().unwrap();
        assert_eq!(admit(&admission, "192.0.2.3").err(), Some(WebRefusal::Total));
        drop((one, two, last));
        assert_eq!(admission.lock().total, 0);
        assert!(admission.lock().by_address.is_empty());
        let metrics = admission.metrics.render();
        assert!(metrics.contains("skrynka_web_connections_open 0\n"), "{metrics}");
        let refused = "skrynka_web_connections_refused_total{reason=\"per_address\"} 2\n";
        assert!(metrics.contains(refused), "{metrics}");
    }

    #[test]
    fn a_proxy_brings_as_many_as_there_may_be() {
        let admission = admission(3, 1);
        let _places = [(); 3].map(|()| admit(&admission, "127.0.0.1").ok().unwrap());
        assert_eq!(admit(&admission, "127.0.0.1").err(), Some(WebRefusal::Total));
    }
}
